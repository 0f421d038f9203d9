/** Processes whose identity may do little: they work where they may, and say what is missing where they may not. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { APPS, at, DEFINITIONS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { readinessOf } from "../support/object-board.ts";
import { CHAIN, configMap, step, widget, workflow } from "../support/widget-manifests.ts";

/** No list or watch across namespaces, and nothing but what the example needs. */
const RIGHTS = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: limited, namespace: ${DEFINITIONS} }
rules:
  - { apiGroups: [koreo.dev], resources: ["*"], verbs: [get, list, watch, patch] }
  - { apiGroups: [""], resources: [configmaps], verbs: [get, create, patch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: limited, namespace: ${APPS} }
rules:
  - { apiGroups: [e2e.koreo.test], resources: [widgets, widgets/status], verbs: [get, list, watch, patch] }
  - { apiGroups: [e2e.koreo.test], resources: [widgets/finalizers], verbs: [update] }
  - { apiGroups: [""], resources: [configmaps], verbs: [get, list, watch, create, patch] }
---
${[DEFINITIONS, APPS]
  .map(
    (namespace) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: limited, namespace: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: limited }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: limited }]
---`,
  )
  .join("")}`;

describe("an identity limited to two namespaces", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 0, workers: 0 });
    await cluster.apply(RIGHTS);
    const kubeconfig = await cluster.stack.plane?.kubeconfigFor({ user: "limited", groups: [] });
    const flags = ["--kubeconfig", kubeconfig ?? ""];
    await cluster.apply(CHAIN);
    await Promise.all([
      cluster.stack.add("watcher", [...flags, "--namespaces", APPS]),
      cluster.stack.add("worker", flags),
    ]);
  });
  afterAll(() => cluster.stop());

  it("reconciles there, repairs drift there, and looks at no trigger elsewhere", async () => {
    await cluster.apply(widget("inside") + widget("outside", "{ text: hello }", "default"));
    await cluster.untilReady("inside");
    await cluster.patch("ConfigMap", "inside-second", { data: { text: "vandalised" } });
    const isRepaired = (object: JsonObject | undefined) => at(object, "data", "text") === "hello";
    await cluster.until("ConfigMap", "inside-second", "being repaired", isRepaired, { withinMs: 10_000 });
    expect(at(await cluster.get("Widget", "outside", "default"), "status")).toBeUndefined();
  });

  it("says on the trigger which right is missing, and goes on once it is given", async () => {
    const secret = configMap("secret", "{}")
      .replace("kind: ConfigMap", "kind: Secret")
      .replace("configmaps", "secrets");
    await cluster.apply(
      workflow("chain", step("secret")) + secret.replace("resource: { data: {} }", 'resource: { data: { a: "Yg==" } }'),
    );
    await cluster.until("Widget", "inside", "naming the missing right", (object) => {
      const ready = readinessOf(object);
      return ready?.status === "False" && /cannot (get|create) resource "secrets"/.test(ready.message);
    });
    await cluster.patch(
      "Role",
      "limited",
      { rules: [...(at(await cluster.get("Role", "limited"), "rules") as JsonObject[]), SECRETS] },
      APPS,
    );
    await cluster.untilReady("inside", { withinMs: 60_000 });
  });

  it("watches no more than it may: not one request was refused over and over", async () => {
    const refused = (await cluster.requestsSince(0)).filter(
      ({ user, responseStatus }) => user.username === "limited" && responseStatus?.code === 403,
    );
    const byRequest = Map.groupBy(refused, ({ verb, requestURI }) => `${verb} ${requestURI.split("?")[0] ?? ""}`);
    for (const [request, times] of byRequest) expect(times.length, request).toBeLessThan(10);
    const watcher = cluster.stack.processes.find(({ role }) => role === "watcher");
    expect(await readFile(watcher?.logFile ?? "", "utf8")).not.toContain('"level":"error"');
  });
});

const SECRETS: JsonObject = {
  apiGroups: [""],
  resources: ["secrets"],
  verbs: ["get", "list", "watch", "create", "patch"],
};
