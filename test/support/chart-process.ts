/**
 * What the chart's Pods would run, as processes here: the command, environment and identity that are on the API server, since
 * nothing in these tests runs Pods. Only addresses are others.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Redis } from "ioredis";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { freePort, GuardedChild, waitFor } from "../control-plane/child.ts";
import { provideRedis } from "../control-plane/redis.ts";
import type { ChartCluster } from "./chart-cluster.ts";
import { environmentOf, podOf, type PodVariable } from "./helm-release.ts";
import { CLI, isReady } from "./stack.ts";

const READY_DEADLINE_MS = 60_000;
const DRAIN_DEADLINE_MS = 30_000;

export interface ChartProcess {
  readonly healthUrl: string;
  /** Of an API. */
  readonly apiUrl?: string;
  readonly logFile: string;
  stop(): Promise<unknown>;
}

export interface BundledRedis {
  readonly port: number;
  /** With its password. */
  readonly url: string;
  stop(): Promise<unknown>;
}

/** Starts the command of a Deployment with its environment and a token of its account; resolves once it is ready. */
export async function startRole(
  cluster: ChartCluster,
  { name, namespace, redisPort }: { readonly name: string; readonly namespace: string; readonly redisPort: number },
): Promise<ChartProcess> {
  const pod = podOf(await cluster.mustRead("Deployment", name, namespace, "apps/v1")) ?? {};
  const account = textMember(pod["spec"], "serviceAccountName");
  const [container] = memberAt(pod, ["spec", "containers"]) as readonly JsonObject[];
  const environment = await resolved(cluster, environmentOf(pod), namespace);
  const [port, apiPort] = await Promise.all([freePort(), freePort()]);
  const isApi = environment["KOREO_API_PORT"] !== undefined;
  const env = {
    ...environment,
    ...(isApi && { KOREO_API_PORT: String(apiPort), KOREO_BIND: "127.0.0.1" }),
    KUBECONFIG: await cluster.kubeconfigOf(account, namespace),
    KOREO_REDIS_URL: withPlace(environment["KOREO_REDIS_URL"] ?? "", redisPort),
    KOREO_PORT: String(port),
  };
  const logFile = path.join(cluster.plane.dir, `${name}-${port}.log`);
  const args = [CLI, ...(container?.["args"] as readonly string[])];
  const child = new GuardedChild({ command: process.execPath, args, env, logFile, stopDeadlineMs: DRAIN_DEADLINE_MS });
  await child.start();
  const healthUrl = `http://127.0.0.1:${port}`;
  await child.until((signal) => waitFor(`${name} becoming ready`, READY_DEADLINE_MS, () => isReady(healthUrl), signal));
  const apiUrl = isApi ? { apiUrl: `http://127.0.0.1:${apiPort}` } : {};
  return { healthUrl, ...apiUrl, logFile, stop: () => child.stop() };
}

/** As the kubelet does it: values of Secrets, and `$(NAME)` of variables before. */
async function resolved(
  cluster: ChartCluster,
  variables: readonly PodVariable[],
  namespace: string,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const { name, value = "", valueFrom } of variables) {
    const ref = valueFrom?.secretKeyRef;
    env[name] =
      ref === undefined
        ? value.replaceAll(/\$\((\w+)\)/g, (text, variable: string) => env[variable] ?? text)
        : await secretValue(cluster, ref, namespace);
  }
  return env;
}

async function secretValue(
  cluster: ChartCluster,
  { name, key }: { readonly name: string; readonly key: string },
  namespace: string,
): Promise<string> {
  const data = memberAt(await cluster.mustRead("Secret", name, namespace), ["data"]);
  return Buffer.from(textMember(data, key), "base64").toString();
}

function withPlace(url: string, port: number): string {
  const here = new URL(url);
  here.hostname = "127.0.0.1";
  here.port = String(port);
  return here.href;
}

/** Runs the bundled Redis as its container would: the same script, configuration and password, in a folder of ours. */
export async function startBundledRedis(cluster: ChartCluster, name: string, namespace: string): Promise<BundledRedis> {
  const dir = path.join(cluster.plane.dir, "redis");
  await mkdir(dir, { recursive: true });
  const port = await freePort();
  const config = await cluster.mustRead("ConfigMap", name, namespace);
  const text = textMember(config["data"], "redis.conf").replace("dir /data", `dir ${dir}`);
  await writeFile(path.join(dir, "redis.conf"), `${text}port ${port}\nbind 127.0.0.1\n`);
  const pod = podOf(await cluster.mustRead("StatefulSet", name, namespace, "apps/v1")) ?? {};
  const [container] = memberAt(pod, ["spec", "containers"]) as readonly JsonObject[];
  const [shell = "", flags = "", script = ""] = container?.["command"] as readonly string[];
  const { REDISCLI_AUTH: password = "" } = await resolved(cluster, environmentOf(pod), namespace);
  const { server, env } = await provideRedis(() => undefined);
  const child = new GuardedChild({
    command: shell,
    args: [flags, script.replaceAll("/etc/redis", dir).replaceAll("/run/redis/redis.conf", `${dir}/run.conf`)],
    env: { ...env, REDISCLI_AUTH: password, PATH: `${path.dirname(server)}:${process.env["PATH"] ?? ""}` },
    logFile: path.join(dir, "redis.log"),
  });
  await child.start();
  const url = `redis://:${password}@127.0.0.1:${port}`;
  await child.until((signal) => waitFor("Redis answering with its password", 20_000, () => answers(url), signal));
  return { port, url, stop: () => child.stop() };
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
