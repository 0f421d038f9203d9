/**
 * Watcher and worker in one process, whose tracing is turned off, to 10 % and to 100 % while it runs: so all three are measured
 * in one process, as warm as each other. Started by `../tracing.ts`, which gives the flags.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import { startTracing, type Tracing } from "../../src/adapters/telemetry/tracing.ts";
import { runDev } from "../../src/processes/dev/main.ts";
import { parseConfig } from "../../src/processes/shared/config.ts";
import type { Command, Mode, Reply } from "./messages.ts";

const [kubeconfig = "", redis = "", namespace = ""] = process.argv.slice(2);
const stop = new AbortController();
let tracing: Tracing | undefined;
let before = process.cpuUsage();

// Starts with tracing on (the endpoint is in the environment), so that everything that is wrapped for it is.
const flags = { kubeconfig, redis, definitionNamespaces: namespace, logLevel: "error" };
const ended = runDev(parseConfig(flags, {}), stop.signal);

process.on("message", (command: Command) => void handle(command));
process.on("disconnect", () => stop.abort());
say({ kind: "ready" });
await ended;

async function handle(command: Command): Promise<void> {
  if (command.kind === "begin") {
    turnTo(command.mode);
    before = process.cpuUsage();
    say({ kind: "begun" });
    return;
  }
  await tracing?.flush();
  const { user, system } = process.cpuUsage(before);
  say({ kind: "ended", cpuMs: (user + system) / 1000 });
}

function turnTo(mode: Mode): void {
  for (const part of [trace, context, propagation]) part.disable();
  void tracing?.shutdown();
  const sampled = {
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: mode === "10 %" ? "0.1" : "1",
  };
  tracing = mode === "off" ? undefined : startTracing("dev", { ...process.env, ...sampled });
}

function say(reply: Reply): void {
  process.send?.(reply);
}
