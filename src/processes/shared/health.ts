/**
 * The liveness and readiness endpoint of a process: `/livez` answers while the event loop turns, `/readyz` once every
 * check holds, both with one line per check. Probed by Kubernetes, compose and the tests.
 */
import { createServer, type Server } from "node:http";

/** Undefined when all is well, else what is wrong, in one line. */
export type HealthCheck = () => string | undefined;

export interface HealthEndpoint {
  /** The port that is listened on. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens on all interfaces, for probes come from outside the pod.
 *
 * @param port - 0 chooses a free one
 * @param checks - by name, asked on every request
 */
export async function startHealth(
  port: number,
  checks: Readonly<Record<string, HealthCheck>>,
): Promise<HealthEndpoint> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/livez") return void response.writeHead(200, TEXT).end("ok\n");
    if (path !== "/readyz") return void response.writeHead(404, TEXT).end("try /livez or /readyz\n");
    const answers = Object.entries(checks).map(([name, check]) => ({ name, trouble: check() }));
    const lines = answers.map(({ name, trouble }) =>
      trouble === undefined ? `[+] ${name} ok` : `[-] ${name}: ${trouble}`,
    );
    const isReady = answers.every(({ trouble }) => trouble === undefined);
    response.writeHead(isReady ? 200 : 503, TEXT).end(`${lines.join("\n")}\n`);
  });
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const TEXT = { "content-type": "text/plain; charset=utf-8" };

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new Error(`port ${port} is in use: choose another with --port`) : error);
    });
    server.listen(port, () => resolve());
  });
}
