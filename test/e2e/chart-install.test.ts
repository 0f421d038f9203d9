/** The chart on a real API server by helm 3 and helm 4: accepted with its Pods, upgraded, taken over, uninstalled. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { crdOf } from "../contract/object-kinds.ts";
import { provideHelm } from "../control-plane/helm.ts";
import { ChartCluster } from "../support/chart-cluster.ts";
import { MINIMAL, PLATFORM_KINDS } from "../support/chart-values.ts";
import { at, WIDGET } from "../support/e2e-cluster.ts";
import { CHART, HelmRunner, nameOf, objectsOf, podOf, titleOf } from "../support/helm-release.ts";
import { CRD_FILES, objectsIn } from "../support/manifest-files.ts";

const helms = await provideHelm((line) => console.log(`[set-up] ${line}`));
const CRDS = objectsIn(CRD_FILES);

/** Kinds of add-ons that the chart makes objects of, as CRDs that take any spec. */
const ADD_ONS = [
  { ...WIDGET, group: "monitoring.coreos.com", version: "v1", kind: "PodMonitor", plural: "podmonitors" },
  { ...WIDGET, group: "keda.sh", version: "v1alpha1", kind: "ScaledObject", plural: "scaledobjects" },
].map(crdOf);

/** Every kind of object that the chart can make, in one installation of two tenants. */
const VALUES: JsonObject = {
  redis: { bundled: { enabled: true } },
  metrics: { podMonitor: { enabled: true } },
  networkPolicy: { ingressFrom: [{ namespaceSelector: {} }], egress: { enabled: true } },
  tenants: {
    a: {
      definitionNamespaces: ["a-defs"],
      triggerNamespaces: ["a"],
      rbac: { scope: "namespaced", ...PLATFORM_KINDS },
      worker: { autoscaling: { enabled: true, queueLatency: { enabled: true } } },
    },
    b: {
      definitionNamespaces: ["b-defs"],
      triggerNamespaces: ["b"],
      rbac: { mode: "development" },
      worker: { keda: { enabled: true, prometheusAddress: "http://prometheus:9090" } },
    },
  },
};
const WORKFLOW: JsonObject = {
  apiVersion: "koreo.dev/v1beta1",
  kind: "Workflow",
  metadata: { name: "mine", namespace: "a-defs" },
  spec: { steps: [] },
};

let cluster: ChartCluster;
beforeAll(async () => {
  if (helms.length === 0) return;
  cluster = await ChartCluster.start();
  await cluster.createNamespaces("a", "b", "a-defs", "b-defs");
  await cluster.apply(...ADD_ONS);
});
afterAll(() => cluster?.stop());

describe.each(helms.map((helm) => ({ name: `helm ${helm.version}`, helm })))("$name", ({ helm }) => {
  const namespace = `release-${helm.major}`;
  const chart = (...words: readonly string[]) => [...words, CHART, "--namespace", namespace];
  let runner: HelmRunner;
  beforeAll(async () => {
    runner = await HelmRunner.open(helm, cluster.plane.kubeconfig);
    await cluster.createNamespaces(namespace);
  });
  afterAll(async () => {
    await cluster.remove(...CRDS);
    await runner.close();
  });
  const release = async (name: string) =>
    objectsOf(await runner.must(["get", "manifest", name, "--namespace", namespace]));
  const missing = async (objects: readonly JsonObject[]) => {
    const found = await Promise.all(objects.map((object) => cluster.isGone(object)));
    return objects.filter((_, index) => found[index]).map(titleOf);
  };

  describe("a release", () => {
    let objects: readonly JsonObject[];
    let password: unknown;

    it("is installed, says what was done and what to mind", async () => {
      const said = await runner.must(chart("install", "koreo"), VALUES);
      expect(said).toContain("definitions in a-defs, triggers in a\n");
      expect(said).toContain("WARNING: development mode");
      expect(said).toContain("helm test koreo");
      objects = await release("koreo");
      expect(await missing(objects)).toEqual([]);
      const kinds = new Set(objects.map(({ kind }) => kind));
      for (const kind of [
        "HorizontalPodAutoscaler",
        "ScaledObject",
        "PodMonitor",
        "PodDisruptionBudget",
        "NetworkPolicy",
      ])
        expect(kinds).toContain(kind);
      password = at(await cluster.mustRead("Secret", "koreo-redis", namespace), "data", "password");
      await cluster.apply(WORKFLOW);
    });

    it("makes Pods that a namespace for restricted ones takes", async () => {
      const hooks = objectsOf(await runner.must(["get", "hooks", "koreo", "--namespace", namespace]));
      const pods = [...objects, ...hooks].flatMap((object) => podOf(object) ?? []);
      expect(pods).toHaveLength(6);
      const answers = await Promise.all(pods.map((pod) => cluster.tryPod(pod, namespace)));
      expect(answers.filter(({ kind }) => kind === "fault")).toEqual([]);
      const loose = { ...pods[0], spec: { ...(pods[0]?.["spec"] as JsonObject), securityContext: {} } };
      expect(await cluster.tryPod(loose, namespace)).toMatchObject({ kind: "fault" });
    });

    it("gets Pods from its Deployments", async () => {
      await cluster.until("two Pods of a Deployment", async () => {
        const deployment = await cluster.mustRead("Deployment", "koreo-a-watcher", namespace, "apps/v1");
        return at(deployment, "status", "replicas") === 2;
      });
    });

    it("is upgraded and rolled back: new settings, the same password", async () => {
      const values = { ...VALUES, image: { tag: "2" }, settings: { concurrency: 7 } };
      await runner.must(chart("upgrade", "koreo"), values);
      const deployment = await cluster.mustRead("Deployment", "koreo-a-worker", namespace, "apps/v1");
      expect(JSON.stringify(deployment)).toContain('"koreo-cluster:2"');
      expect(JSON.stringify(deployment)).toContain('{"name":"KOREO_CONCURRENCY","value":"7"}');
      expect(at(await cluster.mustRead("Secret", "koreo-redis", namespace), "data", "password")).toBe(password);
      await runner.must(["rollback", "koreo", "1", "--namespace", namespace]);
      expect(at(await cluster.mustRead("Secret", "koreo-redis", namespace), "data", "password")).toBe(password);
    });

    it("is uninstalled but for the CRDs, and so keeps definitions; a new one takes them up", async () => {
      await runner.must(["uninstall", "koreo", "--namespace", namespace]);
      const gone = objects.filter(({ kind }) => kind !== "CustomResourceDefinition");
      await cluster.until("everything else going", async () => (await missing(gone)).length === gone.length);
      expect(await missing([...CRDS, WORKFLOW])).toEqual([]);
      await runner.must(chart("install", "koreo"), MINIMAL);
      expect(await missing([WORKFLOW])).toEqual([]);
    });

    it("without its CRDs stands beside another one", async () => {
      await runner.must(chart("install", "second"), { ...MINIMAL, crds: { install: false } });
      await runner.must(["uninstall", "second", "--namespace", namespace]);
      await runner.must(["uninstall", "koreo", "--namespace", namespace]);
    });
  });

  it("takes over CRDs that `koreo crds --install` brought, when told to", async () => {
    await cluster.remove(...CRDS);
    await cluster.apply(...CRDS);
    expect((await runner.run(chart("install", "taken"), MINIMAL)).text).toMatch(/ownership/);
    await runner.must([...chart("install", "taken"), "--take-ownership"], MINIMAL);
    await runner.must(["uninstall", "taken", "--namespace", namespace]);
  });

  it("upgrades a release of the original chart, whose definitions stay", async () => {
    await cluster.remove(...CRDS);
    const original = await originalChart();
    try {
      await runner.must(["install", "old", original, "--namespace", namespace]);
      await cluster.apply(WORKFLOW);
      await runner.must(chart("upgrade", "old", "--reset-values"), MINIMAL);
      expect(await missing([WORKFLOW])).toEqual([]);
      const crd = await cluster.mustRead(
        "CustomResourceDefinition",
        "workflows.koreo.dev",
        "",
        "apiextensions.k8s.io/v1",
      );
      expect(JSON.stringify(crd)).toContain('"subresources":{"status":{}}');
      const before = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "old-koreo", namespace } };
      await cluster.until("its controller going", () => cluster.isGone(before));
      expect(await missing(await release("old"))).toEqual([]);
      await runner.must(["uninstall", "old", "--namespace", namespace]);
    } finally {
      await rm(original, { recursive: true });
    }
  });
});

/** As far as an upgrade can tell it from the original: a CRD with its release's marks and without a status, and a controller. */
async function originalChart(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "koreo-original-"));
  await mkdir(path.join(dir, "templates"));
  await cp(path.join(CHART, ".helmignore"), path.join(dir, ".helmignore"));
  await writeFile(path.join(dir, "Chart.yaml"), JSON.stringify({ apiVersion: "v2", name: "koreo", version: "0.1.4" }));
  const type = { ...WIDGET, group: "koreo.dev", version: "v1beta1", hasStatus: false };
  const crd = crdOf({ ...type, kind: "Workflow", plural: "workflows" });
  const labels = { app: "controller" };
  const keep = { annotations: { "helm.sh/resource-policy": "keep" } };
  const controller = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "old-koreo" },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "controller", image: "koreo" }] } },
    },
  };
  const kept = { ...crd, metadata: { ...(crd["metadata"] as JsonObject), ...keep } };
  await writeFile(
    path.join(dir, "templates/all.yaml"),
    [kept, controller].map((each) => JSON.stringify(each)).join("\n---\n"),
  );
  return dir;
}
