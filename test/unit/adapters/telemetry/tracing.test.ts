/** What a process traces, by the standard variables. */
import { context, propagation, trace } from "@opentelemetry/api";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { afterEach, expect, it } from "vitest";
import { startTracing, type TracingEnvironment } from "../../../../src/adapters/telemetry/tracing.ts";
import { createSpanClock } from "../../../../src/adapters/telemetry/span-clock.ts";
import { SPAN, withSpan, withSpanSync } from "../../../../src/engine/telemetry.ts";

const CONVERGENCES = 400;

afterEach(() => {
  for (const part of [trace, context, propagation]) part.disable();
});

/** How many of so many traces are exported, and whether each of them is whole. */
async function kept(env: TracingEnvironment): Promise<number> {
  const exporter = new InMemorySpanExporter();
  const tracing = startTracing("worker", env, { exporter });
  for (let count = 0; count < CONVERGENCES; count += 1)
    await withSpan(SPAN.run, {}, () => Promise.resolve(withSpanSync(SPAN.step, {}, () => 0)));
  await tracing.flush();
  const spans = exporter.getFinishedSpans();
  const [runs, steps] = [SPAN.run, SPAN.step].map((name) => spans.filter((span) => span.name === name));
  expect(steps?.map((span) => span.spanContext().traceId)).toEqual(runs?.map((span) => span.spanContext().traceId));
  await tracing.shutdown();
  return runs?.length ?? 0;
}

it.each([
  { env: {}, least: CONVERGENCES, most: CONVERGENCES },
  { env: { OTEL_TRACES_SAMPLER: "no such sampler" }, least: CONVERGENCES, most: CONVERGENCES },
  { env: { OTEL_TRACES_SAMPLER: "always_on" }, least: CONVERGENCES, most: CONVERGENCES },
  { env: { OTEL_TRACES_SAMPLER: "always_off" }, least: 0, most: 0 },
  { env: { OTEL_TRACES_SAMPLER: "parentbased_always_off" }, least: 0, most: 0 },
  // Chosen by chance: far outside of these bounds once in more than a million times.
  { env: { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" }, least: 10, most: 80 },
  { env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" }, least: 145, most: 255 },
  {
    env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "x" },
    least: CONVERGENCES,
    most: CONVERGENCES,
  },
  { env: { OTEL_SDK_DISABLED: "true" }, least: 0, most: 0 },
  { env: { OTEL_TRACES_EXPORTER: "none" }, least: 0, most: 0 },
])("$env keeps $least to $most of 400 traces, each whole", async ({ env, least, most }) => {
  const count = await kept(env);
  expect(count).toBeGreaterThanOrEqual(least);
  expect(count).toBeLessThanOrEqual(most);
});

it("without an endpoint nothing is started", () => {
  expect(startTracing("worker", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }).enabled).toBe(false);
});

it("time of spans agrees with the system's, and has fractions", () => {
  const clock = createSpanClock();
  const times = Array.from({ length: 50 }, clock);
  expect(Math.abs((times[0] ?? 0) - Date.now())).toBeLessThan(50);
  expect(times.some((time) => !Number.isInteger(time))).toBe(true);
  expect(times).toEqual(times.toSorted((left, right) => left - right));
});
