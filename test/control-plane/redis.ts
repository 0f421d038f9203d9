/**
 * A real Redis for demo and tests: found on the machine, or taken from Debian's packages into the user's cache (no root,
 * no service started), and started on a free loopback port with the settings Koreo asks for.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { freePort, GuardedChild, waitFor } from "./child.ts";
import { unpackPackages } from "./debian-packages.ts";
import { canRun, execute } from "./execute.ts";
import { cacheDir, type Report } from "./cache.ts";

/** A redis-server that can be started, with the environment it needs. */
export interface RedisBinary {
  readonly server: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<number | undefined>;
  /** SIGKILL, no chance to save. */
  kill(): Promise<number | undefined>;
  /** On the same port and data. */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
}

const PACKAGES = [
  "redis-tools",
  "libatomic1",
  "libjemalloc2",
  "liblua5.1-0",
  "liblzf1",
  "libssl3",
  "libsystemd0",
  "lua-bitop",
  "lua-cjson",
];
const NEVER_SAVE = ["--save", ""];

/** @throws Error saying what was tried and what the user can do */
export async function provideRedis(report: Report): Promise<RedisBinary> {
  const named = process.env["KOREO_REDIS_SERVER"];
  for (const server of [named, "redis-server", "valkey-server"]) {
    if (server !== undefined && (await canRun(server))) return { server, env: {} };
  }
  const dir = path.join(cacheDir(), "redis-debian");
  if (!existsSync(dir)) await fromDebian(dir, report);
  const binary = await unpacked(dir);
  if (
    await execute(binary.server, ["--version"], { deadlineMs: 10_000, env: binary.env }).then(
      () => true,
      () => false,
    )
  )
    return binary;
  throw new Error(
    `the Redis in ${dir} does not start: install redis-server (Debian: apt-get install redis-server) or set KOREO_REDIS_SERVER`,
  );
}

async function fromDebian(dir: string, report: Report): Promise<void> {
  report("fetching Redis from Debian's packages into the cache (some seconds)");
  const scratch = `${dir}.new`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    await unpackPackages(PACKAGES, scratch);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `No Redis here, and none from Debian's packages: ${why}. Install redis-server or set KOREO_REDIS_SERVER to one.`,
      { cause: error },
    );
  }
  await rename(scratch, dir);
}

/** Debian's server is the program redis-check-rdb under another name; it looks at the name it is called by. */
async function unpacked(dir: string): Promise<RedisBinary> {
  const server = path.join(dir, "usr/bin/redis-server");
  if (!existsSync(server)) {
    const { symlink } = await import("node:fs/promises");
    await symlink("redis-check-rdb", server);
  }
  const libraries = path.join(dir, "usr/lib");
  const folders = (await readdir(libraries))
    .filter((name) => name.includes("linux"))
    .map((name) => path.join(libraries, name));
  return {
    server,
    env: { LD_LIBRARY_PATH: [...folders, process.env["LD_LIBRARY_PATH"] ?? ""].filter(Boolean).join(":") },
  };
}

export interface RedisOptions extends RedisBinary {
  readonly dir: string;
  readonly port?: number;
  readonly args?: readonly string[];
}

/** Starts a server and resolves once it answers. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  await mkdir(options.dir, { recursive: true });
  const port = options.port ?? (await freePort());
  const child = new GuardedChild({
    command: options.server,
    args: [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--dir",
      options.dir,
      "--appendonly",
      "yes",
      "--appendfsync",
      "everysec",
      "--maxmemory-policy",
      "noeviction",
      ...NEVER_SAVE,
      ...(options.args ?? []),
    ],
    env: options.env,
    logFile: path.join(options.dir, "redis.log"),
  });
  const start = async () => {
    await child.start();
    await child.until((signal) => waitFor("redis-server answering", 20_000, () => answersPing(port), signal));
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid;
    },
    stop: () => child.stop(),
    kill: () => child.stop("SIGKILL"),
    start,
    pause: () => child.signal("SIGSTOP"),
    resume: () => child.signal("SIGCONT"),
  };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: 1000 }, () => socket.write("PING\r\n"));
    const end = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.on("data", (chunk) => end(chunk.toString().startsWith("+PONG")));
    socket.on("error", () => end(false));
    socket.on("timeout", () => end(false));
  });
}
