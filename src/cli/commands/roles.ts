/** `koreo watcher`, `koreo worker`, `koreo api`, `koreo dev`: the processes, which run until SIGTERM or SIGINT. */
import type { Command } from "commander";
import { parseConfig, type ClusterConfig } from "../../processes/shared/config.ts";
import { type ConfigFlag, type ConfigFlags } from "../../processes/shared/settings.ts";
import { abortOnSignals } from "../../processes/shared/signals.ts";
import { addSettings, REDIS_FLAGS } from "../flags.ts";

type Run = (config: ClusterConfig, signal: AbortSignal) => Promise<void>;

interface Role {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly ConfigFlag[];
  readonly help: string;
  /** Loads the role when it runs, so that the other commands start fast. */
  readonly load: () => Promise<Run>;
}

const COMMON: readonly ConfigFlag[] = [
  "kubeconfig",
  "context",
  ...REDIS_FLAGS,
  "definitionNamespaces",
  "port",
  "healthBind",
  "logLevel",
  "resyncInterval",
];

const ROLES: readonly Role[] = [
  {
    name: "watcher",
    description: "watch triggers and managed objects, enqueue what changed; run as many as you like",
    flags: [...COMMON, "namespaces"],
    help: "Watchers share the kinds to watch among them; when one dies the others take over within 15 seconds.",
    load: async () => (await import("../../processes/watcher/main.ts")).runWatcher,
  },
  {
    name: "worker",
    description: "take keys from the queue and reconcile them; run as many as you like",
    flags: [...COMMON, "concurrency", "stepTimeout", "runTimeout", "drainTimeout", "runRecords"],
    help: "On SIGTERM a worker takes no more keys, finishes its runs or hands them back, and exits with 0.",
    load: async () => (await import("../../processes/worker/main.ts")).runWorker,
  },
  {
    name: "api",
    description: "tell by HTTP what the cluster does: definitions, triggers, queue, watchers, events; it only reads",
    flags: [
      ...COMMON.filter((flag) => flag !== "resyncInterval"),
      "namespaces",
      "bind",
      "apiPort",
      "auth",
      "tokenFile",
    ],
    help: "On loopback it answers everybody. Its description: http://127.0.0.1:8090/api/v1/openapi.json",
    load: async () => (await import("../../processes/api/main.ts")).runApi,
  },
  {
    name: "dev",
    description: "watcher and worker in one process; without --redis everything is kept in memory",
    flags: [...COMMON, "namespaces", "concurrency", "stepTimeout", "runTimeout", "drainTimeout", "runRecords"],
    help: "For laptops and tests. Nothing but an API server is needed.",
    load: async () => (await import("../../processes/dev/main.ts")).runDev,
  },
];

export function addRoles(program: Command): void {
  for (const { name, description, flags, help, load } of ROLES) {
    addSettings(program.command(name).description(description), flags)
      .addHelpText("after", `\n${help}`)
      .action(async (options: ConfigFlags) => {
        const config = parseConfig(options, process.env);
        const run = await load();
        await run(config, abortOnSignals());
      });
  }
}
