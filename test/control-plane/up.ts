/** By hand: `node test/tooling/bootstrap.mjs test/control-plane/up.ts [FILE]` keeps Redis and a control plane up until Ctrl-C; says how to reach them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { provideControlPlane } from "./provide.ts";
import { provideRedis, startRedis } from "./redis.ts";
import { startControlPlane } from "./start.ts";

const say = (line: string) => console.log(`[set-up] ${line}`);
const dir = await mkdtemp(path.join(tmpdir(), "koreo-up-"));
const [binaries, redisBinary] = await Promise.all([provideControlPlane(say), provideRedis(say)]);
const since = Date.now();
const redis = await startRedis({ ...redisBinary, dir: path.join(dir, "redis") });
const plane = await startControlPlane({ binaries, dir: path.join(dir, "plane"), audit: true });
say(`Kubernetes ${plane.version} (${binaries.source}) ready in ${((Date.now() - since) / 1000).toFixed(1)} s`);
const reach = {
  kubeconfig: plane.kubeconfig,
  redis: redis.url,
  redisServer: redisBinary.server,
  auditLog: plane.auditLog,
};
console.log(`export KUBECONFIG=${plane.kubeconfig}\nexport KOREO_REDIS_URL=${redis.url}`);
const [file] = process.argv.slice(2);
if (file !== undefined) await writeFile(file, JSON.stringify(reach));
const keepAlive = setInterval(() => undefined, 60_000);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    clearInterval(keepAlive);
    void Promise.allSettled([plane.stop(), redis.stop()]).then(() => rm(dir, { recursive: true, force: true }));
  });
}
