/**
 * Koreo in containers as docs/docker-compose.md describes it: images built on a Debian made here in place of those of a registry,
 * and Compose with the files of this repository on a control plane that listens on this machine's loopback.
 */
import { chown, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { readFileSync } from "node:fs";
import { freePort } from "../control-plane/child.ts";
import { provideDebianBase } from "../control-plane/debian-base.ts";
import { provideDocker, startDocker, type DockerBinaries, type DockerServer } from "../control-plane/docker.ts";
import { execute } from "../control-plane/execute.ts";
import type { Report } from "../control-plane/cache.ts";
import { ROOT } from "./stack.ts";

/** The file of the repository, and those that go on top of it for a cluster on this machine's loopback. */
const COMPOSE_FILES = ["docker-compose.yml", "examples/compose/own-cluster.yaml", "examples/compose/host-network.yaml"];
/** As the Dockerfile and docker-compose.yml name them. */
const BASE_IMAGE = "debian:bookworm-slim";
const REDIS_IMAGE = (parse(readFileSync(path.join(ROOT, "docker-compose.yml"), "utf8"), { merge: true }) as ComposeFile)
  .services.redis.image;
export const IMAGE = "koreo-cluster:local";
const PROJECT = "koreo-test";
/** Of docker-compose.yml alone. */
export const WHOLE_PROJECT = "koreo-whole";
/** The user of the containers, who must be able to read the kubeconfig. */
const USER = 1000;

const BUILD_DEADLINE_MS = 10 * 60_000;
const COMMAND_DEADLINE_MS = 120_000;

interface ComposeFile {
  readonly services: { readonly redis: { readonly image: string } };
}

/** All that is needed to run containers here. */
export interface ContainerTools {
  readonly compose: string;
  readonly base: string;
  readonly docker: DockerBinaries;
}

/**
 * @param compose - the program, where there is one
 * @returns undefined, having said why, where containers cannot run
 */
export async function provideContainers(
  compose: string | undefined,
  report: Report,
): Promise<ContainerTools | undefined> {
  if (compose === undefined) return undefined;
  const docker = await provideDocker(report);
  if (docker === undefined) return undefined;
  try {
    return { docker, compose, base: await provideDebianBase(report) };
  } catch (error) {
    report(`no image to build on, so the containers' tests are skipped: ${String(error)}`);
    return undefined;
  }
}

export interface Containers {
  /** Of the HTTP API, once it runs. */
  readonly apiUrl: string;
  /** @returns standard output. @throws Error with the end of the output when the command fails */
  docker(...args: readonly string[]): Promise<string>;
  /** With all three files. */
  compose(...args: readonly string[]): Promise<string>;
  /** With docker-compose.yml alone, as a project of its own. */
  composeAlone(...args: readonly string[]): Promise<string>;
  /** The command `koreo` inside a running container of a role. */
  koreo(role: string, ...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a Docker and builds the images; nothing runs yet. */
export async function startContainers(tools: ContainerTools, kubeconfig: string, report: Report): Promise<Containers> {
  const server = await startDocker(tools.docker, report);
  const dir = await mkdtemp(path.join(tmpdir(), "koreo-containers-"));
  try {
    const docker = run(server.docker, server.env);
    await buildImages(docker, tools.base, dir);
    const mounted = path.join(dir, "kubeconfig");
    await copyFile(kubeconfig, mounted);
    await chown(mounted, USER, USER);
    const [apiPort, redisPort] = await Promise.all([freePort(), freePort()]);
    const env = {
      ...server.env,
      KUBECONFIG: mounted,
      KOREO_USER: `${USER}:${USER}`,
      KOREO_DEFINITION_NAMESPACES: "platform",
      API_PORT: String(apiPort),
      REDIS_PORT: String(redisPort),
    };
    const composeCommand = run(tools.compose, env);
    const withFiles = (project: string, files: readonly string[]): Run => {
      const flags = ["--project-name", project, "--ansi", "never", "--progress", "quiet"];
      const named = files.flatMap((file) => ["--file", path.join(ROOT, file)]);
      return (...args) => composeCommand(...flags, ...named, ...args);
    };
    const compose = withFiles(PROJECT, COMPOSE_FILES);
    return {
      apiUrl: `http://127.0.0.1:${apiPort}`,
      docker,
      compose,
      composeAlone: withFiles(WHOLE_PROJECT, COMPOSE_FILES.slice(0, 1)),
      koreo: (role, ...args) => compose("exec", "--no-TTY", role, "koreo", ...args),
      stop: () => end(server, dir),
    };
  } catch (error) {
    await end(server, dir);
    throw error;
  }
}

async function end(server: DockerServer, dir: string): Promise<void> {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}

type Run = (...args: readonly string[]) => Promise<string>;

function run(program: string, env: Readonly<Record<string, string>>): Run {
  return (...args) => {
    const deadlineMs = args[0] === "build" ? BUILD_DEADLINE_MS : COMMAND_DEADLINE_MS;
    return execute(program, args, { deadlineMs, env });
  };
}

/** Without a bridge a build needs this machine's network. */
async function buildImages(docker: Run, base: string, dir: string): Promise<void> {
  await docker("import", base, BASE_IMAGE);
  const redis = path.join(dir, "redis");
  await mkdir(redis);
  // Debian's own Redis stands in for the official image: the program is the same kind, the set-up of its user is not.
  await writeFile(
    path.join(redis, "Dockerfile"),
    `FROM ${BASE_IMAGE}
RUN apt-get update && apt-get install --yes --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
WORKDIR /data
`,
  );
  await docker("build", "--network", "host", "--tag", REDIS_IMAGE, redis);
  await docker("build", "--network", "host", "--tag", IMAGE, ROOT);
}
