/** What docker-compose.yml and its files say, judged by the programs that read them: the real Docker Compose and promtool. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { provideCompose } from "../control-plane/compose.ts";
import { execute } from "../control-plane/execute.ts";
import { providePrometheus } from "../control-plane/prometheus.ts";
import { ROOT } from "../support/stack.ts";

const say = (line: string) => console.log(`[set-up] ${line}`);
const [compose, prometheus] = await Promise.all([provideCompose(say), providePrometheus(say)]);

const OWN_CLUSTER = "examples/compose/own-cluster.yaml";
const HOST_NETWORK = "examples/compose/host-network.yaml";
const KOREO = ["api", "api-token", "crds", "watcher", "worker"];
const OBSERVING = ["grafana", "prometheus", "tempo"];

interface Service {
  readonly network_mode?: string;
  readonly volumes?: readonly { readonly source: string; readonly target: string }[];
  readonly ports?: readonly { readonly host_ip?: string }[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

interface Resolved {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe.skipIf(compose === undefined)("Docker Compose reads", () => {
  const resolve = async (...files: readonly string[]) => {
    const args = ["docker-compose.yml", ...files].flatMap((file) => ["--file", path.join(ROOT, file)]);
    const env = { KUBECONFIG: "/nowhere/kubeconfig" };
    return parse(await execute(compose ?? "", [...args, "config"], { deadlineMs: 30_000, env })) as Resolved;
  };
  const mounts = ({ services }: Resolved, name: string) =>
    (services[name]?.volumes ?? []).map(({ source, target }) => `${source} ${target}`);

  it("docker-compose.yml alone: everything, with a Kubernetes of its own", async () => {
    const resolved = await resolve();
    const once = ["examples", "kubeconfig", "kubernetes", "redis", "traffic"];
    expect(Object.keys(resolved.services).sort()).toEqual([...KOREO, ...OBSERVING, ...once].sort());
    expect(mounts(resolved, "worker")).toEqual(["kubeconfig /etc/koreo"]);
    const ports = Object.values(resolved.services).flatMap(({ ports }) => ports ?? []);
    expect(ports.map(({ host_ip }) => host_ip)).toEqual(ports.map(() => "127.0.0.1"));
    expect(ports).toHaveLength(4);
  });

  it("own-cluster.yaml on top: the user's kubeconfig, and no container of Kubernetes", async () => {
    const resolved = await resolve(OWN_CLUSTER);
    expect(Object.keys(resolved.services).sort()).toEqual([...KOREO, ...OBSERVING, "redis"].sort());
    for (const role of ["crds", "watcher", "worker"])
      expect(mounts(resolved, role)).toEqual(["/nowhere/kubeconfig /etc/koreo/kubeconfig"]);
    expect(mounts(resolved, "api")).toEqual(["/nowhere/kubeconfig /etc/koreo/kubeconfig", "api-token /run/koreo"]);
    expect(resolved.services["crds"]?.depends_on).toBeUndefined();
    expect(Object.keys(resolved.volumes)).not.toContain("kubernetes-data");
  });

  it("host-network.yaml on top of that: nothing in a network of its own", async () => {
    const { services } = await resolve(OWN_CLUSTER, HOST_NETWORK);
    expect(Object.keys(services).sort()).toEqual([...KOREO, "redis"].sort());
    for (const [name, { network_mode, ports }] of Object.entries(services)) {
      expect([name, network_mode]).toEqual([name, name === "api-token" ? "none" : "host"]);
      expect(ports).toBeUndefined();
    }
  });
});

describe.skipIf(prometheus === undefined)("promtool reads", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "koreo-promtool-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it("prometheus.yaml with the rules beside it, as they are mounted", async () => {
    const config = path.join(dir, "prometheus.yaml");
    await cp(path.join(ROOT, "examples/compose/prometheus.yaml"), config);
    await cp(path.join(ROOT, "charts/koreo/files/rules.yaml"), path.join(dir, "rules.yaml"));
    const said = await execute(prometheus?.promtool ?? "", ["check", "config", config], { deadlineMs: 30_000 });
    expect(said).toMatch(/1 rule files found/);
    expect(said).toMatch(/SUCCESS: \d+ rules found/);
  });
});
