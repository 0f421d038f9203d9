/**
 * Watcher and worker in one process, whose tracing is turned off, to the records of runs alone, to 10 % and to 100 % (with the
 * records, as by default) while it runs: so all are measured in one process, as warm as each other. Started by `../tracing.ts`, which gives the flags.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import { closeRedis, openRedis } from "../../src/adapters/redis/connection.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { RedisRunLog } from "../../src/adapters/redis/run-log.ts";
import { createLogger } from "../../src/adapters/telemetry/logger.ts";
import { RunRecorder } from "../../src/adapters/telemetry/run-recorder.ts";
import { startTracing, type Tracing, type TracingEnvironment } from "../../src/adapters/telemetry/tracing.ts";
import { runDev } from "../../src/processes/dev/main.ts";
import { parseConfig } from "../../src/processes/shared/config.ts";
import type { Command, Mode, Reply } from "./messages.ts";

const [kubeconfig = "", redis = "", namespace = ""] = process.argv.slice(2);
const stop = new AbortController();
const connection = openRedis(redis, { onError: () => undefined });
const runs = new RedisRunLog(connection, redisKeys("koreo"), { runsPerKey: 3, keys: 1000 });
let tracing: Tracing | undefined;
let before = process.cpuUsage();

// Starts with tracing on (the endpoint is in the environment), so that everything that is wrapped for it is.
const flags = { kubeconfig, redis, definitionNamespaces: namespace, logLevel: "error", runRecords: "1" };
const ended = runDev(parseConfig(flags, {}), stop.signal);

process.on("message", (command: Command) => void handle(command));
process.on("disconnect", () => stop.abort());
say({ kind: "ready" });
await ended;
await closeRedis(connection);

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
  tracing = mode === "off" ? undefined : startTracing("dev", environmentOf(mode), { recorder: recorder() });
}

function environmentOf(mode: Mode): TracingEnvironment {
  if (mode === "records") return {};
  const share = mode === "10 %" ? "0.1" : "1";
  return { ...process.env, OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: share };
}

/** A new one for each turn: it ends with the tracing that it listens to. */
function recorder(): RunRecorder {
  const made = new RunRecorder("bench");
  made.sendTo(runs, createLogger({ level: "error", fields: {} }));
  return made;
}

function say(reply: Reply): void {
  process.send?.(reply);
}
