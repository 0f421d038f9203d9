/**
 * A real Prometheus with promtool for tests: found on the machine, or taken from Debian's package into the user's cache, and
 * started on a free loopback port with exemplars switched on. Nothing else of the machine is read or written.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { buildOnce, cacheDir, isComplete, type Report } from "./cache.ts";
import { freePort, GuardedChild, waitFor } from "./child.ts";
import { unpackPackages } from "./debian-packages.ts";
import { canRun } from "./execute.ts";

/** Programs that can be started. */
export interface PrometheusBinaries {
  readonly server: string;
  readonly promtool: string;
}

export interface PrometheusServer {
  readonly url: string;
  stop(): Promise<number | undefined>;
}

const PROGRAMS = ["usr/bin/prometheus", "usr/bin/promtool"] as const;

/** @returns undefined, having said why, where there is none and none can be had */
export async function providePrometheus(report: Report): Promise<PrometheusBinaries | undefined> {
  const onPath = { server: "prometheus", promtool: "promtool" };
  if ((await canRun(onPath.server)) && (await canRun(onPath.promtool))) return onPath;
  const dir = path.join(cacheDir(), "prometheus-debian");
  const folder = { dir, programs: PROGRAMS };
  try {
    // Its other dependencies are those of its pages; it is one program that needs the C library alone.
    if (!isComplete(folder)) {
      report("fetching Prometheus from Debian's package into the cache (some seconds)");
      await buildOnce(folder, report, (scratch) => unpackPackages(["prometheus"], scratch));
    }
    const unpacked = { server: path.join(dir, PROGRAMS[0]), promtool: path.join(dir, PROGRAMS[1]) };
    if ((await canRun(unpacked.server)) && (await canRun(unpacked.promtool))) return unpacked;
    report(`the Prometheus in ${dir} does not start, so what needs it is skipped`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    report(`no Prometheus here, and none from Debian's packages (${why}), so what needs it is skipped`);
  }
  return undefined;
}

export interface PrometheusOptions {
  readonly binaries: PrometheusBinaries;
  /** For its data, configuration and log; made if it does not exist. */
  readonly dir: string;
  /** What is scraped every second: label `job` -> `host:port`s. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** Files with rules, evaluated every second. */
  readonly ruleFiles?: readonly string[];
}

/** Starts a server and resolves once it answers. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const { binaries, dir, targets, ruleFiles = [] } = options;
  await mkdir(dir, { recursive: true });
  const port = await freePort();
  const config = path.join(dir, "prometheus.yml");
  const jobs = Object.entries(targets).map(([job, hosts]) => ({
    job_name: job,
    static_configs: [{ targets: hosts }],
  }));
  const global = { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" };
  await writeFile(config, stringify({ global, rule_files: ruleFiles, scrape_configs: jobs }));
  const child = new GuardedChild({
    command: binaries.server,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      "--log.level=warn",
    ],
    logFile: path.join(dir, "prometheus.log"),
  });
  await child.start();
  const url = `http://127.0.0.1:${port}`;
  await child.until((signal) => waitFor("Prometheus answering", 20_000, () => answers(url), signal));
  return { url, stop: () => child.stop() };
}

function answers(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
