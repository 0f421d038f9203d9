/**
 * What a process tells over HTTP: `/livez` answers while the event loop turns, `/readyz` once every check holds, with one
 * line per check, and `/metrics` in OpenMetrics. Asked by Kubernetes, compose, Prometheus and the tests.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { HealthPlace } from "./config.ts";

/** Undefined when all is well, else what is wrong, in one line. */
export type HealthCheck = () => string | undefined;

/** By name, asked on every request. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>;

/** Metrics as text; may take as long as what it asks. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface HealthEndpoint {
  /** The port that is listened on. */
  readonly port: number;
  /** From now on readiness is these. */
  judgeBy(checks: HealthChecks): void;
  close(): Promise<void>;
}

/** Listens on all interfaces where no address is given: probes come from outside the pod. Port 0 chooses a free one. */
export async function startHealth(
  place: HealthPlace,
  atFirst: HealthChecks,
  metrics: MetricsSource,
): Promise<HealthEndpoint> {
  let checks = atFirst;
  const server = createServer((request, response) => {
    const [path] = (request.url ?? "/").split("?", 1); // no URL: `//` is none, and whoever asks may write anything
    if (path === "/metrics") return void sendMetrics(metrics, response);
    if (path === "/livez") return void response.writeHead(200, TEXT).end("ok\n");
    if (path !== "/readyz") return void response.writeHead(404, TEXT).end("try /livez, /readyz or /metrics\n");
    const answers = Object.entries(checks).map(([name, check]) => ({ name, trouble: check() }));
    const lines = answers.map(({ name, trouble }) =>
      trouble === undefined ? `[+] ${name} ok` : `[-] ${name}: ${trouble}`,
    );
    const isReady = answers.every(({ trouble }) => trouble === undefined);
    response.writeHead(isReady ? 200 : 503, TEXT).end(`${lines.join("\n")}\n`);
  });
  await listen(server, place);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : place.port,
    judgeBy: (wanted) => {
      checks = wanted;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function sendMetrics(metrics: MetricsSource, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.metrics();
    response.writeHead(200, { "content-type": metrics.contentType }).end(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    response.writeHead(500, TEXT).end(`${why}\n`);
  }
}

const TEXT = { "content-type": "text/plain; charset=utf-8" };

function listen(server: Server, { bind, port }: HealthPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const said = {
        EADDRINUSE: `port ${port} is in use: choose another with --port`,
        EADDRNOTAVAIL: `${bind} is no address of this machine: choose another with --health-bind`,
      }[error.code ?? ""];
      reject(said === undefined ? error : new Error(said, { cause: error }));
    });
    server.listen({ port, ...(bind === undefined ? {} : { host: bind }) }, () => resolve());
  });
}
