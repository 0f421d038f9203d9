/**
 * A real trace store for tests: Jaeger 2, which takes OTLP and answers searches, built once from its Go module into the cache
 * (about 4 minutes on 2 cores, 85 MB). Where no Go can be had there is none, and the tests that need it are skipped.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { buildOnce, cacheDir, isComplete, recipeHash, type Report } from "./cache.ts";
import { freePort, GuardedChild, waitFor } from "./child.ts";
import { buildWithGo, findGo } from "./go.ts";

/** The same as in jaeger/go.mod: the module's 1.76.0 is the program's 2.13. */
const VERSION = "v1.76.0";
const PACKAGE = "github.com/jaegertracing/jaeger/cmd/jaeger";
/** Rises when what is built changes by more than the module files say. */
const RECIPE = "1";

const READY_DEADLINE_MS = 60_000;
/** Kept in memory; far more than a test exports. */
const MAX_TRACES = 100_000;

/** @returns the program; undefined when it cannot be built, which is said. `KOREO_TEST_JAEGER=none`: it is known that it cannot. */
export async function provideJaeger(report: Report): Promise<string | undefined> {
  const dir = path.join(cacheDir(), `jaeger-${VERSION}-${await recipeHash(RECIPE, ["jaeger/go.sum"])}`);
  const folder = { dir, programs: ["jaeger"] };
  try {
    if (!isComplete(folder)) {
      if (process.env["KOREO_TEST_JAEGER"] === "none") throw new Error("it could not be built before");
      await buildOnce(folder, report, (scratch) => build(scratch, report));
    }
  } catch (error) {
    report(`no trace store, so its tests are skipped: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  return path.join(dir, "jaeger");
}

async function build(out: string, report: Report): Promise<void> {
  const go = await findGo(report);
  report(`building Jaeger ${VERSION} from its Go module with ${go}: once, 3 to 8 minutes (log: ${out}.log)`);
  const target = path.join(out, "jaeger");
  await buildWithGo(go, out, [{ module: "jaeger", target, ldflags: "-s -w", packages: [PACKAGE] }], report);
}

/** A running trace store on loopback that forgets everything when it ends. */
export interface JaegerServer {
  /** OTLP over HTTP, as `OTEL_EXPORTER_OTLP_ENDPOINT` wants it. */
  readonly otlpUrl: string;
  /** Host and port of OTLP over gRPC. */
  readonly otlpGrpc: string;
  /** Its search API. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startJaeger(program: string, dir: string): Promise<JaegerServer> {
  await mkdir(dir, { recursive: true });
  const [http, grpc, query, queryGrpc] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const at = (port: number) => `127.0.0.1:${port}`;
  const config = {
    service: {
      extensions: ["jaeger_storage", "jaeger_query"],
      pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: { metrics: { level: "none" }, logs: { level: "warn" } },
    },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: MAX_TRACES } } } },
      jaeger_query: {
        storage: { traces: "memory" },
        http: { endpoint: at(query) },
        grpc: { endpoint: at(queryGrpc) },
      },
    },
    receivers: { otlp: { protocols: { http: { endpoint: at(http) }, grpc: { endpoint: at(grpc) } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: "memory" } },
  };
  const file = path.join(dir, "jaeger.json");
  await writeFile(file, JSON.stringify(config, null, 2));
  const child = new GuardedChild({
    command: program,
    args: ["--config", `file:${file}`],
    env: { OTEL_TRACES_SAMPLER: "always_off" }, // of itself
    logFile: path.join(dir, "jaeger.log"),
  });
  const url = `http://${at(query)}`;
  const answers = () =>
    fetch(`${url}/api/services`, { signal: AbortSignal.timeout(2000) }).then(
      (response) => response.ok,
      () => false,
    );
  await child.start();
  try {
    await child.until((signal) => waitFor("Jaeger becoming ready", READY_DEADLINE_MS, answers, signal));
  } catch (error) {
    await child.stop();
    throw error;
  }
  const stop = async () => {
    await child.stop();
  };
  return { otlpUrl: `http://${at(http)}`, otlpGrpc: at(grpc), url, stop };
}
