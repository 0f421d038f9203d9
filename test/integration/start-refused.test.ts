/** A process that can never work ends, saying why, also where it already answers probes. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { freePort } from "../control-plane/child.ts";
import { koreo } from "../support/koreo-command.ts";
import { startOwnRedis } from "./queue/own-redis.ts";

const KUBECONFIG = `
apiVersion: v1
kind: Config
clusters: [{ name: none, cluster: { server: "https://127.0.0.1:1" } }]
contexts: [{ name: none, context: { cluster: none, user: none } }]
users: [{ name: none, user: {} }]
current-context: none
`;

it("with a Redis that would drop queued keys", { timeout: 90_000 }, async () => {
  const redis = await startOwnRedis(["--maxmemory-policy", "allkeys-lru"]);
  try {
    const kubeconfig = path.join(await mkdtemp(path.join(tmpdir(), "koreo-start-")), "config");
    await writeFile(kubeconfig, KUBECONFIG);
    const flags = ["--kubeconfig", kubeconfig, "--redis", redis.server.url, "--port", String(await freePort())];
    const { code, stderr } = await koreo(["worker", ...flags]);
    expect(stderr).toContain("maxmemory-policy allkeys-lru");
    expect(code).toBe(1);
  } finally {
    await redis.remove();
  }
});
