/** The chart on a real API server by helm 3 and helm 4: accepted with its Pods, upgraded, taken over, uninstalled. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { crdOf } from "../contract/object-kinds.ts";
import { ChartCluster } from "../support/chart-cluster.ts";
import { helmsForServer } from "../support/chart-tools.ts";
import { MINIMAL, PLATFORM_KINDS } from "../support/chart-values.ts";
import { at, WIDGET } from "../support/e2e-cluster.ts";
import { CHART, HelmRunner, objectsOf, podOf, titleOf } from "../support/helm-release.ts";
import { CRD_FILES, objectsIn } from "../support/manifest-files.ts";

const helms = await helmsForServer();
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
  api: { enabled: true },
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

const CRD_KIND = "CustomResourceDefinition";
/** Every kind of object that the chart can make but for the ServiceMonitor, which excludes the PodMonitor. */
const KINDS = [
  CRD_KIND,
  ...["ClusterRole", "ClusterRoleBinding", "ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy"],
  ...[
    "PodDisruptionBudget",
    "PodMonitor",
    "Role",
    "RoleBinding",
    "ScaledObject",
    "Secret",
    "Service",
    "ServiceAccount",
  ],
  "StatefulSet",
];

describe.skipIf(helms.length === 0).each([3, 4])("helm %i", (major) => {
  const namespace = `release-${major}`;
  let cluster: ChartCluster;
  const chart = (...words: readonly string[]) => [...words, CHART, "--namespace", namespace];
  let runner: HelmRunner;
  /** Helm 3, by which releases of the original chart were installed. */
  let former: HelmRunner;
  let objects: readonly JsonObject[];
  let password: unknown;

  beforeAll(async () => {
    // One of its own: kinds that were just changed cannot be deleted for a while.
    cluster = await ChartCluster.start();
    former = await openHelm(3, cluster.plane.kubeconfig);
    runner = await openHelm(major, cluster.plane.kubeconfig);
    await cluster.createNamespaces(namespace, "a", "b", "a-defs", "b-defs");
    await cluster.apply(...ADD_ONS);
  });
  afterAll(async () => {
    await Promise.all([former.close(), runner.close()]);
    await cluster.stop();
  });
  const release = async (name: string) =>
    objectsOf(await runner.must(["get", "manifest", name, "--namespace", namespace]));
  const missing = async (wanted: readonly JsonObject[]) => {
    const isGone = await Promise.all(wanted.map((object) => cluster.isGone(object)));
    return wanted.filter((_, index) => isGone[index]).map(titleOf);
  };
  /** A kind that was just changed is not served for a moment. */
  const allThere = async (wanted: readonly JsonObject[]) => {
    await cluster.until("all being there", async () => (await missing(wanted)).length === 0).catch(() => undefined);
    expect(await missing(wanted)).toEqual([]);
  };
  const passwordNow = async () => at(await cluster.mustRead("Secret", "koreo-redis", namespace), "data", "password");

  it("upgrades a release of the original chart, whose definitions stay", async () => {
    const original = await originalChart();
    await former.must(["install", "old", original, "--namespace", namespace]);
    await rm(original, { recursive: true });
    await cluster.apply(WORKFLOW);
    await runner.must(chart("upgrade", "old", "--reset-values"), MINIMAL);
    await allThere([WORKFLOW, ...(await release("old"))]);
    const crd = await cluster.mustRead(CRD_KIND, "workflows.koreo.dev", "", "apiextensions.k8s.io/v1");
    expect(JSON.stringify(crd)).toContain('"subresources":{"status":{}}');
    const before = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "old-koreo", namespace } };
    await cluster.until("its controller going", () => cluster.isGone(before));
    await runner.must(["uninstall", "old", "--namespace", namespace]);
  });

  it("installs all it can make, taking over CRDs that are there only when told to", async () => {
    expect((await runner.run(chart("install", "koreo"), VALUES)).text).toMatch(/ownership/);
    const said = await runner.must(chart("install", "koreo", "--take-ownership"), VALUES);
    expect(said).toContain("definitions in a-defs, triggers in a\n");
    expect(said).toContain("WARNING: development mode");
    expect(said.match(/NOTE: the API may read no trigger/g)).toHaveLength(1);
    expect(said).toContain("helm test koreo");
    objects = await release("koreo");
    await allThere([WORKFLOW, ...objects]);
    expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    password = await passwordNow();
  });

  it("makes Pods that a namespace for restricted ones takes", async () => {
    const hooks = objectsOf(await runner.must(["get", "hooks", "koreo", "--namespace", namespace]));
    const pods = [...objects, ...hooks].map(podOf).filter((pod) => pod !== undefined);
    expect(pods).toHaveLength(8);
    const answers = await Promise.all(pods.map((pod) => cluster.tryPod(pod, namespace)));
    expect(answers.filter(({ kind }) => kind === "fault")).toEqual([]);
    const [pod = {}] = pods;
    const loose = { ...pod, spec: { ...(pod["spec"] as JsonObject), securityContext: {} } };
    expect(await cluster.tryPod(loose, namespace)).toMatchObject({ kind: "fault" });
  });

  it("gets Pods from its Deployments", async () => {
    await cluster.until("two Pods of a Deployment", async () => {
      const deployment = await cluster.mustRead("Deployment", "koreo-a-watcher", namespace, "apps/v1");
      return at(deployment, "status", "replicas") === 2;
    });
  });

  it("upgrades to new settings and keeps the password", async () => {
    await runner.must(chart("upgrade", "koreo"), { ...VALUES, image: { tag: "2" }, settings: { concurrency: 7 } });
    const deployment = await cluster.mustRead("Deployment", "koreo-a-worker", namespace, "apps/v1");
    expect(JSON.stringify(deployment)).toContain('"koreo-cluster:2"');
    expect(JSON.stringify(deployment)).toContain('{"name":"KOREO_CONCURRENCY","value":"7"}');
    expect(await passwordNow()).toBe(password);
  });

  it("uninstalls all but the CRDs, and so keeps definitions; a new installation takes them up", async () => {
    await runner.must(["uninstall", "koreo", "--namespace", namespace]);
    const gone = objects.filter(({ kind }) => kind !== CRD_KIND);
    await cluster.until("everything else going", async () => (await missing(gone)).length === gone.length);
    await allThere([...CRDS, WORKFLOW]);
    await runner.must(chart("install", "koreo"), MINIMAL);
    await allThere([WORKFLOW]);
  });
});

function openHelm(major: number, kubeconfig: string): Promise<HelmRunner> {
  const helm = helms.find((each) => each.major === major);
  if (helm === undefined) throw new Error(`no helm ${major}`);
  return HelmRunner.open(helm, kubeconfig);
}

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
