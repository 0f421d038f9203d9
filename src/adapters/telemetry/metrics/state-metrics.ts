/** The shared state (Redis, or this process's memory) as this process sees it: whether it answers, and how fast. */
import { Gauge, Histogram } from "prom-client";
import { StoreUnavailable } from "../../../engine/ports/key-store.ts";
import type { MetricsRegistry } from "./exposition.ts";

/** Seconds; a Redis nearby answers within one or two thousandths. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 3];
const RESULTS = ["ok", "unavailable", "error"] as const;

/**
 * @param ports - parts of the shared state by their names
 * @param trouble - undefined when the store answers
 * @returns the same parts, whose answers are timed
 */
export function timedState<P extends Readonly<Record<string, object>>>(
  registry: MetricsRegistry,
  ports: P,
  trouble: () => string | undefined,
): P {
  new Gauge({
    name: "koreo_state_up",
    help: "1 while this process has a connection to the shared state, else 0.",
    registers: [registry],
    collect() {
      this.set(trouble() === undefined ? 1 : 0);
    },
  });
  const seconds = new Histogram({
    name: "koreo_state_request_duration_seconds",
    help: "How long the shared state takes to answer, by part and by whether it answered at all.",
    labelNames: ["part", "result"],
    buckets: BUCKETS,
    registers: [registry],
  });
  const timed = Object.entries(ports).map(([part, port]) => {
    for (const result of RESULTS) seconds.zero({ part, result });
    const observe = (sinceMs: number, result: (typeof RESULTS)[number]) =>
      seconds.observe({ part, result }, (performance.now() - sinceMs) / 1000);
    return [part, timedPort(port, observe)];
  });
  return Object.fromEntries(timed) as P;
}

/** The port; every answer that is a promise is observed. */
function timedPort(port: object, observe: (sinceMs: number, result: (typeof RESULTS)[number]) => void): object {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]): unknown => {
        const sinceMs = performance.now();
        const answer: unknown = Reflect.apply(member, target, args);
        if (answer instanceof Promise) {
          answer.then(
            () => observe(sinceMs, "ok"),
            (error: unknown) => observe(sinceMs, error instanceof StoreUnavailable ? "unavailable" : "error"),
          );
        }
        return answer;
      };
    },
  });
}
