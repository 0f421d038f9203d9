/** Which rights the chart's roles give to whom, as helm renders them; that they suffice is seen in `chart-rbac.test.ts`. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textMember, type JsonObject } from "../../src/core/json.ts";
import { DEFINITION_PLURALS, TRIGGER_KINDS_NAME } from "../../src/core/names.ts";
import { helmsForRendering } from "../support/chart-tools.ts";
import { MINIMAL, PLATFORM_KINDS } from "../support/chart-values.ts";
import { at } from "../support/e2e-cluster.ts";
import { HelmRunner, named, nameOf, ofKind } from "../support/helm-release.ts";
import { givenRights } from "../support/used-rights.ts";

const [helm] = await helmsForRendering();

const WEBAPPS = [{ apiGroup: "platform.example.com", resources: ["webapps"] }];
/** What an API may know of, among Secrets that it may not. */
const NO_SECRETS = [
  { apiGroup: "", resources: ["configmaps", "secrets"], delete: false },
  { apiGroup: "", resources: ["secrets"] },
  { apiGroup: "apps", resources: ["deployments"], destroy: true },
];

describe.skipIf(helm === undefined)("the chart's roles", () => {
  let runner: HelmRunner;
  beforeAll(async () => {
    if (helm !== undefined) runner = await HelmRunner.open(helm);
  });
  afterAll(() => runner.close());

  it.each([
    { name: "kinds by name", rbac: {} },
    { name: "every kind", rbac: { managed: [{ apiGroup: "*", resources: ["*"] }, ...NO_SECRETS] } },
    { name: "every kind of the core group", rbac: { managed: [{ apiGroup: "", resources: ["*"] }, ...NO_SECRETS] } },
    { name: "Secrets of every group", rbac: { managed: [{ apiGroup: "*", resources: ["secrets"] }, ...NO_SECRETS] } },
    { name: "everything as a trigger", rbac: { triggers: [{ apiGroup: "*", resources: ["*"] }, ...WEBAPPS] } },
    { name: "Secrets as triggers", rbac: { triggers: [{ apiGroup: "", resources: ["secrets"] }, ...WEBAPPS] } },
    { name: "the mode for development", rbac: { mode: "development" } },
    {
      name: "the mode for development, in namespaces",
      rbac: { mode: "development", scope: "namespaced", managedNamespaces: ["more"] },
    },
  ])("with $name lets an API write nothing, and read no Secret", async ({ rbac }) => {
    const all = { triggers: WEBAPPS, managed: NO_SECRETS, ...rbac };
    const values = { ...MINIMAL, triggerNamespaces: ["web"], rbac: all, api: { enabled: true } };
    const roles = (await runner.render(values)).filter(
      (each) => /Role$/.test(textMember(each, "kind")) && nameOf(each).includes("-api"),
    );
    const given = givenRights(roles);
    expect([...given].filter((right) => !/^(?:get|list|watch) /.test(right)).sort()).toEqual([
      "create authentication.k8s.io/tokenreviews",
      "create authorization.k8s.io/subjectaccessreviews",
    ]);
    expect([...given].filter((right) => /secrets|\*/.test(right))).toEqual([]);
    for (const verb of ["get", "list", "watch"]) expect(given).toContain(`${verb} platform.example.com/webapps`);
    expect(given).toContain("get /configmaps");
    expect(given).toContain("get apps/deployments");
    expect(JSON.stringify(roles)).not.toContain("koreo.dev/warning");
  });

  it("gives an API no role on objects where no kind is named", async () => {
    const rbac = { triggers: [{ apiGroup: "*", resources: ["*"] }] };
    const objects = await runner.render({ ...MINIMAL, rbac, api: { enabled: true } });
    expect(named(objects, "ClusterRole prod:demo-koreo-api")).toBeUndefined();
    expect(named(objects, "ClusterRoleBinding prod:demo-koreo-api")).toBeUndefined();
  });

  it.each(["listed", "development"])("adds further rules in the mode %s", async (mode) => {
    const rules = (role: string) => [{ apiGroups: ["a.b"], resources: [`${role}s`], verbs: ["escalate"] }];
    const extraRules = { watcher: rules("watcher"), worker: rules("worker") };
    const objects = await runner.render({ ...MINIMAL, rbac: { mode, extraRules, ...PLATFORM_KINDS } });
    for (const role of ["watcher", "worker"])
      expect(at(named(objects, `ClusterRole prod:demo-koreo-${role}`), "rules")).toContainEqual(rules(role)[0]);
  });

  it("names every definition kind and the watchers' ConfigMap in the roles", async () => {
    const objects = await runner.render(MINIMAL);
    const rules = (role: string) =>
      at(named(objects, `Role prod:demo-koreo-${role}-definitions`), "rules") as JsonObject[];
    const kinds = Object.values(DEFINITION_PLURALS);
    expect(rules("worker").map(({ resources }) => resources)).toEqual([
      kinds,
      kinds.map((kind) => `${kind}/status`),
      ["events"],
    ]);
    expect(rules("watcher")[0]?.["resources"]).toEqual(kinds);
    expect(rules("watcher")[1]?.["resourceNames"]).toEqual([TRIGGER_KINDS_NAME]);
    expect(ofKind(objects, "ClusterRole")).toEqual([]);
  });

  it("lets workers list only where it is said, and delete but where it is said", async () => {
    const objects = await runner.render({ ...MINIMAL, rbac: PLATFORM_KINDS });
    const rules = at(named(objects, "ClusterRole prod:demo-koreo-worker"), "rules") as JsonObject[];
    const withVerb = (verb: string) =>
      rules.filter(({ verbs }) => (verbs as string[]).includes(verb)).flatMap(({ resources }) => resources as string[]);
    expect(withVerb("list")).toEqual(["clusterroles", "customresourcedefinitions", "apiservices"]);
    expect(withVerb("delete")).toEqual(["configmaps", "deployments", "clusterroles"]);
    expect(withVerb("watch")).toEqual([]);
  });
});
