/**
 * What a process serves over HTTP: `/livez` answers while the event loop turns, `/readyz` when every check passes, with
 * one line per check, and `/metrics` in OpenMetrics. Kubernetes, compose, Prometheus and the tests ask for these.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { HealthPlace } from "./config.ts";

/** Undefined when all is well, else the problem in one line. */
export type HealthCheck = () => string | undefined;

/** By name; every request runs them. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>;

/** Metrics as text; takes as long as its sources. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface HealthEndpoint {
  /** The port that it listens on. */
  readonly port: number;
  /** Replaces the checks for readiness. */
  judgeBy(checks: HealthChecks): void;
  /** Whether all checks pass now. */
  isReady(): boolean;
  close(): Promise<void>;
}

/** Listens on all interfaces when no address is given: probes come from outside the pod. Port 0 selects a free one. */
export async function startHealth(
  place: HealthPlace,
  atFirst: HealthChecks,
  metrics: MetricsSource,
): Promise<HealthEndpoint> {
  let checks = atFirst;
  const server = createServer((request, response) => {
    const [path] = (request.url ?? "/").split("?", 1); // not a URL: `//` is not valid, and anybody may send anything
    if (path === "/metrics") return void sendMetrics(metrics, response);
    if (path === "/livez") return void response.writeHead(200, TEXT).end("ok\n");
    if (path !== "/readyz") return void response.writeHead(404, TEXT).end("try /livez, /readyz or /metrics\n");
    const answers = answersOf(checks);
    const lines = answers.map(({ name, trouble }) =>
      trouble === undefined ? `[+] ${name} ok` : `[-] ${name}: ${trouble}`,
    );
    response.writeHead(areWell(answers) ? 200 : 503, TEXT).end(`${lines.join("\n")}\n`);
  });
  await listen(server, place);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : place.port,
    judgeBy: (wanted) => {
      checks = wanted;
    },
    isReady: () => areWell(answersOf(checks)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly name: string;
  readonly trouble: string | undefined;
}

function answersOf(checks: HealthChecks): readonly Answer[] {
  return Object.entries(checks).map(([name, check]) => ({ name, trouble: check() }));
}

function areWell(answers: readonly Answer[]): boolean {
  return answers.every(({ trouble }) => trouble === undefined);
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
