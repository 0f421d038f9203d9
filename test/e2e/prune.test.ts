/** `koreo prune` on a real API server: what it lists, what it deletes, and above all what it leaves. */
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { APPS, at, DEFINITIONS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { koreo, type Finished } from "../support/koreo-command.ts";
import { CLI } from "../support/stack.ts";
import { configMap, step, workflow } from "../support/widget-manifests.ts";

const MARK = "koreo.dev/mark";
const LABEL = "koreo.dev/trigger-uid";

/** A trigger that names its workflow: here a kind has many. */
const trigger = (name: string, flow: string) => `
apiVersion: e2e.koreo.test/v1
kind: Widget
metadata: { name: ${name}, annotations: { koreo.dev/workflow: ${flow} } }
spec: { text: hello }
---`;

const definition = (kind: string, name: string, spec: string) => `
apiVersion: koreo.dev/v1beta1
kind: ${kind}
metadata: { name: ${name} }
spec: ${spec}
---`;

const SUB = (name: string) =>
  definition("Workflow", name, `{ steps: [{ label: only, ref: { kind: ValueFunction, name: ${name}-value } }] }`) +
  definition("ValueFunction", `${name}-value`, "{ return: { a: 1 } }") +
  definition(
    "FunctionTest",
    `${name}-test`,
    `{ functionRef: { kind: ValueFunction, name: ${name}-value }, testCases: [{ expectReturn: { a: 1 } }] }`,
  );

const ABANDON = "  delete: { abandon: {} }";
const DESTROY = "  delete: { destroy: {} }";

interface Listed {
  readonly items: readonly Readonly<Record<string, string>>[];
  readonly incomplete: readonly { readonly what: string; readonly why: string }[];
}

describe("koreo prune", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 1, workers: 1 });
  });
  afterAll(() => cluster.stop());

  const prune = (flags: readonly string[], access: readonly string[] = cluster.stack.clusterFlags) =>
    koreo(["prune", "--definition-namespaces", DEFINITIONS, ...flags, ...access]);
  const listed = ({ stdout }: Finished): Listed => JSON.parse(stdout) as Listed;
  const names = (done: Finished) => listed(done).items.map(({ kind = "", name = "" }) => `${kind} ${name}`);
  const marksOf = (object: JsonObject | undefined) => textMember(memberAt(object, ["metadata", "annotations"]), MARK);

  /** At a terminal, which util-linux's `script` gives it. */
  async function answering(answer: string): Promise<{ readonly code: number | null; readonly printed: string }> {
    const words = [
      process.execPath,
      CLI,
      "prune",
      "--definition-namespaces",
      DEFINITIONS,
      ...cluster.stack.clusterFlags,
    ];
    const command = words.map((word) => `'${word}'`).join(" ");
    const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { timeout: 30_000 });
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => {
      const wasAsked = printed.includes("[y/N]");
      printed += chunk.toString();
      if (!wasAsked && printed.includes("[y/N]")) child.stdin.write(`${answer}\n`);
    });
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    return { code, printed };
  }

  it("deletes definitions that nothing uses, with their tests, and nothing that a run needs", async () => {
    await cluster.apply(
      workflow("shop", step("kept")) + configMap("kept", "{ text: =inputs.spec.text }") + SUB("asked") + SUB("idle"),
    );
    await cluster.apply(trigger("one", "shop") + trigger("two", "asked"));
    await cluster.untilReady("one");
    await cluster.untilReady("two");
    const dry = await prune(["--dry-run", "-o", "json"]);
    expect([dry.code, dry.stderr]).toEqual([0, ""]);
    expect(names(dry)).toEqual(["FunctionTest idle-test", "Workflow idle", "ValueFunction idle-value"]);

    const refused = await prune([]);
    expect(refused.code).toBe(2);
    expect(await cluster.get("Workflow", "idle", DEFINITIONS)).toBeDefined();

    const no = await answering("n");
    expect([no.code, no.printed]).toEqual([
      1,
      expect.stringMatching(/Delete 3 unused definitions\? .*nothing was deleted/s),
    ]);
    expect(await cluster.get("FunctionTest", "idle-test", DEFINITIONS)).toBeDefined();

    const done = await prune(["--yes"]);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(done.stdout).toMatch(/^KIND +NAMESPACE +NAME +WHY +AGE\nFunctionTest +defs +idle-test +it tests what/);
    expect(done.stdout).toMatch(
      /FunctionTest defs\/idle-test deleted\nWorkflow defs\/idle deleted\nValueFunction defs\/idle-value deleted\n$/,
    );
    for (const [kind, name] of [
      ["Workflow", "idle"],
      ["ValueFunction", "idle-value"],
      ["FunctionTest", "idle-test"],
    ] as const)
      expect(await cluster.get(kind, name, DEFINITIONS)).toBeUndefined();
    for (const [kind, name] of [
      ["Workflow", "shop"],
      ["ResourceFunction", "kept"],
      ["FunctionTest", "asked-test"],
    ] as const)
      expect(await cluster.get(kind, name, DEFINITIONS)).toBeDefined();
    await cluster.apply(SUB("late"));
    const yes = await answering("y");
    expect([yes.code, yes.printed]).toEqual([0, expect.stringContaining("ValueFunction defs/late-value deleted")]);
    expect(await cluster.get("Workflow", "late", DEFINITIONS)).toBeUndefined();
    const again = await prune(["--yes"]);
    expect([again.code, again.stdout, again.stderr]).toEqual([0, "", "no unused definitions\n"]);
  });

  it("deletes objects whose trigger is gone or names them no more, and none besides", async () => {
    await cluster.apply(
      workflow("leaving", step("left") + step("held")) +
        configMap("left", "{ text: hello }", ABANDON) +
        configMap("held", "{ text: hello }", DESTROY).replace("  resource:", "    owned: false\n  resource:") +
        workflow("changing", step("stays") + step("dropped")) +
        configMap("stays", "{ text: hello }", ABANDON) +
        configMap("dropped", "{ text: hello }", ABANDON) +
        workflow("sharing", step("common")) +
        configMap("common", "{ text: hello }", ABANDON).replace('=inputs.name + "-common"', "common"),
    );
    await cluster.apply(trigger("gone", "leaving") + trigger("lives", "changing") + trigger("maker", "sharing"));
    for (const name of ["gone", "lives", "maker"]) await cluster.untilReady(name);
    // Another trigger takes what the first has made, by naming it too.
    await cluster.apply(trigger("heir", "sharing"));
    await cluster.untilReady("heir");
    expect(marksOf(await cluster.get("ConfigMap", "common"))).toContain("/maker");

    // 1. A trigger goes: one with our finalizer on it, which somebody takes off. A step goes. A maker goes, not its heir.
    await cluster.patch("Widget", "gone", { metadata: { annotations: { "koreo.dev/paused": "true" } } });
    await cluster.delete("Widget", "gone");
    await cluster.patch("Widget", "gone", { metadata: { finalizers: null } });
    await cluster.apply(workflow("changing", step("stays")));
    await cluster.delete("Widget", "maker");
    for (const name of ["gone", "maker"])
      await cluster.until("Widget", name, "going", (object) => object === undefined);
    const isForgotten = (object: JsonObject | undefined) =>
      !textMember(memberAt(object, ["metadata", "annotations"]), "koreo.dev/inventory").includes("lives-dropped");
    await cluster.until("Widget", "lives", "naming it no more", isForgotten);
    await cluster.untilReady("lives");

    expect(marksOf(await cluster.get("ConfigMap", "common"))).toContain("/maker"); // whose heir alone keeps it

    await cluster.patch("ConfigMap", "gone-held", { metadata: { finalizers: ["example.com/backup"] } });

    // 2. What only looks like ours: a mark of another object, a label alone, a mark that somebody has damaged.
    const left = await cluster.get("ConfigMap", "gone-left");
    const labels = { [LABEL]: String(at(left, "metadata", "labels", LABEL)) };
    const foreign = { copied: { [MARK]: marksOf(left) }, labelled: {}, damaged: { [MARK]: `${marksOf(left)}}` } };
    await cluster.applyObjects(
      Object.entries(foreign).map(([name, annotations]) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, labels, annotations },
      })),
    );

    const expected = ["ConfigMap gone-held", "ConfigMap gone-left"];
    const careful = await prune(["--objects", "--dry-run", "-o", "json"]);
    expect(careful.code).toBe(0);
    expect(names(careful).sort()).toEqual(expected);
    expect(careful.stderr).toBe("1 kept that no trigger names: younger than --older-than\n");

    const flags = ["--objects", "--older-than", "1"];
    const dry = await prune([...flags, "--dry-run", "-o", "json"]);
    expect(
      listed(dry)
        .items.map(({ name, trigger, why, policy }) => [name, trigger, why, policy])
        .sort(),
    ).toEqual([
      ["gone-held", "local/e2e.koreo.test/Widget/apps/gone", "trigger gone", "destroy"],
      ["gone-left", "local/e2e.koreo.test/Widget/apps/gone", "trigger gone", "abandon"],
      ["lives-dropped", "local/e2e.koreo.test/Widget/apps/lives", "not named any more", "abandon"],
    ]);
    expect(names(await prune([...flags, "--dry-run", "-o", "json", "--kind", "secrets"]))).toEqual([]);
    expect(names(await prune([...flags, "--dry-run", "-o", "json", "-n", DEFINITIONS]))).toEqual([]);
    expect((await prune(flags)).code).toBe(2);
    expect(await cluster.get("ConfigMap", "gone-left")).toBeDefined();

    const done = await prune([...flags, "--yes", "--kind", "configmaps", "-n", APPS]);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(done.stdout).toContain("ConfigMap apps/gone-held is being deleted, held by example.com/backup");
    const held = await cluster.get("ConfigMap", "gone-held");
    expect(at(held, "metadata", "deletionTimestamp")).toBeDefined();
    expect(names(await prune([...flags, "--dry-run", "-o", "json"]))).toEqual([]);
    for (const name of ["gone-left", "lives-dropped"]) {
      expect(done.stdout).toContain(`ConfigMap apps/${name} deleted`);
      expect(await cluster.get("ConfigMap", name)).toBeUndefined();
    }
    for (const name of ["lives-stays", "common", ...Object.keys(foreign)])
      expect([name, (await cluster.get("ConfigMap", name)) !== undefined]).toEqual([name, true]);
  });

  it("says what it may not look at, deletes the rest, and ends with 1", async () => {
    await cluster.apply(workflow("leaving", step("left")) + trigger("gone", "leaving"));
    await cluster.untilReady("gone");
    await cluster.delete("Widget", "gone");
    await cluster.until("Widget", "gone", "going", (object) => object === undefined);
    const group = "rbac.authorization.k8s.io";
    const rule = (apiGroups: string, resources: string, verbs: string) =>
      `{ apiGroups: ["${apiGroups}"], resources: [${resources}], verbs: [${verbs}] }`;
    const role = (name: string, rules: readonly string[]) => `
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name} }
---
apiVersion: ${group}/v1
kind: ClusterRole
metadata: { name: ${name} }
rules: [${rules.join(", ")}]
---
apiVersion: ${group}/v1
kind: ClusterRoleBinding
metadata: { name: ${name} }
roleRef: { apiGroup: ${group}, kind: ClusterRole, name: ${name} }
subjects: [{ kind: ServiceAccount, name: ${name}, namespace: ${APPS} }]
---`;
    const rights = [rule("", "configmaps", "get, list, delete"), rule("koreo.dev", "workflows", "list")];
    const triggers = rule("e2e.koreo.test", "widgets", "get, list");
    await cluster.apply(role("blind", rights) + role("limited", [...rights, triggers]));
    const access = async (account: string) => {
      const answer = await cluster.access.client.request(
        {
          method: "POST",
          path: `/api/v1/namespaces/${APPS}/serviceaccounts/${account}/token`,
          body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
          verb: "create",
          kind: "TokenRequest",
        },
        new AbortController().signal,
      );
      if (answer.kind === "fault") throw new Error(answer.fault.detail);
      const token = textMember(memberAt(answer.value, ["status"]), "token");
      return ["--kubeconfig", (await cluster.stack.plane?.kubeconfigWithToken(account, token)) ?? ""];
    };

    // Who cannot see the triggers cannot know what they keep.
    const blind = await prune(["--objects", "--yes", "--kind", "configmaps"], await access("blind"));
    expect(blind).toMatchObject({ code: 1, stdout: "" });
    expect(blind.stderr).toMatch(/listing the triggers of the cluster, .*: .*widgets.* is forbidden/);
    expect(await cluster.get("ConfigMap", "gone-left")).toBeDefined();

    const limited = await prune(["--objects", "--yes", "-o", "json"], await access("limited"));
    expect(limited.code).toBe(1);
    expect(names(limited)).toEqual(["ConfigMap gone-left"]);
    expect(listed(limited).incomplete.map(({ what }) => what)).toContain("secrets");
    expect(limited.stderr).toMatch(/^koreo: not looked at: secrets: .*forbidden/m);
    expect(limited.stderr).toMatch(/^koreo: \d+ could not be looked at, see above$/m);
    expect(await cluster.get("ConfigMap", "gone-left")).toBeUndefined();
  });
});
