/** Which rights a function makes workers need, and what is said where that cannot be told. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { definitionOf } from "../../../../src/core/manifest/definition.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";
import { needsOf } from "../../../../src/core/rbac/needs.ts";
import { rolesFor } from "../../../../src/core/rbac/roles.ts";

/** @param api - and `more` are YAML */
function needs({ kind = "ConfigMap", api = "", more = "" } = {}) {
  const { documents } = readYaml(`
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: keep, namespace: defs }
spec:
  apiConfig:
    apiVersion: v1
    kind: ${kind}
    name: kept
    namespace: apps
    plural: things
    ${api}
  resource: {}
  ${more}
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: flow, namespace: defs }
spec: { crdRef: { apiGroup: t, version: v1, kind: Request }, steps: [] }
`);
  const sources = documents.flatMap(({ value }) => definitionOf(value, "defs") ?? []);
  return needsOf(compileCatalog(sources, { namespaces: ["defs"] }));
}

const verbs = (given: Parameters<typeof needs>[0]) => [
  ...(needs(given).kinds.find(({ isTrigger }) => !isTrigger)?.verbs ?? []),
];

describe("what workers need for a function's objects", () => {
  it.each([
    { name: "by default, where unwanted ones are pruned", given: {}, want: ["get", "patch", "create", "delete"] },
    { name: "abandoned", given: { more: "delete: { abandon: {} }" }, want: ["get", "patch", "create"] },
    {
      name: "destroyed",
      given: { more: "delete: { destroy: {} }" },
      want: ["get", "patch", "create", "delete", "list"],
    },
    { name: "that others make", given: { more: "create: { enabled: false }" }, want: ["get", "patch"] },
    {
      name: "abandoned but recreated",
      given: { more: "delete: { abandon: {} }\n  update: { recreate: {} }" },
      want: ["get", "patch", "create", "delete"],
    },
    { name: "read alone", given: { api: "readonly: true" }, want: ["get"] },
    { name: "that must not be", given: { api: "deleteIfExists: true" }, want: ["get", "delete"] },
  ])("$name: $want", ({ given, want }) => expect(verbs(given)).toEqual(want));

  it.each([
    {
      given: { kind: "=inputs.kind" },
      says: "computes its kind: add a rule for each kind it may come to (create, delete, get, patch)",
    },
    { given: { more: "return: { a: =1 + }" }, says: "cannot run, so what it needs is not known" },
  ])("cannot be told: $says", ({ given, says }) => {
    expect(needs(given).unknown).toEqual([expect.stringContaining(`ResourceFunction defs/keep ${says}`)]);
  });
});

describe("roles", () => {
  const request = {
    name: "koreo",
    kinds: needs().kinds.map((each) => ({ ...each, plural: each.plural || "requests" })),
  };
  const names = (objects: readonly JsonObject[]) =>
    objects.map(({ kind, metadata }) => `${kind as string} ${JSON.stringify(metadata)}`);

  it("of namespaces leave what is cluster-scoped to a ClusterRole", () => {
    const [kept, trigger] = request.kinds;
    const kinds = [{ ...kept, namespaced: false }, trigger] as typeof request.kinds;
    const objects = rolesFor({
      ...request,
      kinds,
      role: "worker",
      account: { namespace: "koreo", name: "worker" },
      definitionNamespaces: ["defs"],
      objectNamespaces: ["a", "b"],
    });
    const at = (namespace: string) => `{"name":"koreo-worker","namespace":"${namespace}"}`;
    expect(names(objects).slice(2)).toEqual([
      ...['ClusterRole {"name":"koreo-worker"}', 'ClusterRoleBinding {"name":"koreo-worker"}'],
      ...[`Role ${at("a")}`, `RoleBinding ${at("a")}`, `Role ${at("b")}`, `RoleBinding ${at("b")}`],
    ]);
  });

  it.each([
    { where: "all" as const, want: ["customresourcedefinitions", "apiservices"] },
    { where: ["a"], want: [] },
  ])("of workers see whether kinds are gone for good where they reach beyond namespaces: $where", ({ where, want }) => {
    const objects = rolesFor({
      ...request,
      role: "worker",
      account: undefined,
      definitionNamespaces: ["defs"],
      objectNamespaces: where,
    });
    const rules = objects.flatMap(({ rules: each }) => each as readonly { apiGroups: string[]; resources: string[] }[]);
    const seen = rules.filter(({ apiGroups }) => /^api.*k8s\.io$/.test(apiGroups[0] ?? ""));
    expect(seen.flatMap(({ resources }) => resources)).toEqual(want);
  });

  it("of watchers write nothing but the ConfigMap at home, in the first namespace of definitions", () => {
    const objects = rolesFor({
      ...request,
      role: "watcher",
      account: undefined,
      definitionNamespaces: ["defs", "more"],
      objectNamespaces: "all",
    });
    const rules = objects.map(({ rules: each }) => each as readonly { verbs: string[]; resources: string[] }[]);
    const written = rules.map((each) =>
      each
        .filter((rule) => rule.verbs.some((verb) => !["get", "list", "watch"].includes(verb)))
        .map((rule) => rule.resources),
    );
    expect(written).toEqual([[["configmaps"], ["configmaps"]], [], []]);
  });
});
