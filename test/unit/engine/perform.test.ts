/** What each refusal of the API server means for the step (design section 7), and writes of a run that must not go on. */
import { afterEach, describe, expect, it } from "vitest";
import type { LogFields } from "../../../src/engine/ports/logger.ts";
import { faultOutcome } from "../../../src/engine/fault-outcome.ts";
import { perform } from "../../../src/engine/perform.ts";
import type { ClusterFault } from "../../../src/engine/ports/object-store.ts";
import { RunInterrupted, type RunContext } from "../../../src/engine/run-context.ts";
import { retry } from "../../../src/core/outcome.ts";
import { CONFIG_MAP, flow, keeps, REQUEST, request, WorkerBench } from "./worker-bench.ts";

const RBAC = 'configmaps is forbidden: User "worker" cannot create resource "configmaps" in the namespace "apps"';
const QUOTA = 'configmaps "shared" is forbidden: exceeded quota: q, requested: count/configmaps=1';
const UNCOUNTED = 'configmaps "shared" is forbidden: status unknown for quota: q, resources: configmaps';
const TERMINATING =
  'configmaps "shared" is forbidden: unable to create new content in namespace apps because it is being terminated';
const POLICY = 'configmaps "shared" is forbidden: ValidatingAdmissionPolicy denied request: no';

const forbidden = (detail: string) => ({ kind: "forbidden", detail, status: 403 }) as const;
const ROWS: readonly { fault: ClusterFault; kind: string; seconds?: number; says: string; not?: string }[] = [
  { fault: { kind: "invalid", detail: "no", status: 422 }, kind: "permFail", says: "Error creating X: no" },
  { fault: forbidden(RBAC), kind: "retry", seconds: 30, says: "Grant the worker's identity this access" },
  { fault: forbidden(QUOTA), kind: "retry", seconds: 30, says: "Raise the quota", not: "Grant" },
  { fault: forbidden(UNCOUNTED), kind: "retry", seconds: 2, says: "Wait until the new quota is counted", not: "Grant" },
  {
    fault: forbidden(TERMINATING),
    kind: "retry",
    seconds: 30,
    says: "Wait for the namespace to be gone",
    not: "Grant",
  },
  { fault: forbidden(POLICY), kind: "retry", seconds: 30, says: "denied request", not: "Grant" },
  { fault: { kind: "throttled", afterSeconds: 17, detail: "slow" }, kind: "retry", seconds: 17, says: "slow" },
  { fault: { kind: "throttled", afterSeconds: 0, detail: "slow" }, kind: "retry", seconds: 1, says: "slow" },
  { fault: { kind: "unavailable", detail: "HTTP 503" }, kind: "retry", seconds: 5, says: "HTTP 503" },
  { fault: { kind: "aborted", detail: "deadline" }, kind: "retry", seconds: 5, says: "deadline" },
  { fault: { kind: "conflict", detail: "changed" }, kind: "retry", seconds: 1, says: "changed" },
  { fault: { kind: "unknownKind", detail: "not served" }, kind: "retry", seconds: 30, says: "not served" },
];

describe("a refusal", () => {
  it.each(ROWS)("$fault.kind: $says", ({ fault, kind, seconds, says, not }) => {
    const outcome = faultOutcome(fault, { doing: "creating", name: "X", location: "spec.create" });
    expect(outcome).toMatchObject({ kind, location: "spec.create", ...(seconds && { delaySeconds: seconds }) });
    expect(outcome.message).toContain(says);
    if (not !== undefined) expect(outcome.message).not.toContain(not);
  });
});

describe("a run", () => {
  let bench: WorkerBench;
  afterEach(() => bench.stop());

  it("that misses the namespace of an object says which, and tries again", async () => {
    const missing: ClusterFault = { kind: "notFound", detail: 'namespaces "apps" not found' };
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"), {
      before: (verb) => (verb === "create" ? missing : undefined),
    });
    expect(await bench.run("one")).toMatchObject({ kind: "done", workClass: 2 });
    const { reason, message } = await bench.condition("one");
    expect(reason).toBe("Wait");
    expect(message).toContain("the namespace apps does not exist; create it");
    expect(await bench.writesOf("one")).toContain("create ConfigMap/shared");
  });

  it("whose lease has run out writes nothing, and no bug is reported", async () => {
    const errors: LogFields[] = [];
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"), { onError: (f) => errors.push(f) });
    bench.leaseLeftMs = 0;
    expect(await bench.writesOf("one")).toEqual([]);
    expect(errors).toEqual([]);
  });
});

describe("the words of an admission webhook about a sensitive value", () => {
  const CANARY = "canary-7f3a91-value";
  const existing = `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: shared, annotations: { koreo.dev/last-applied-configuration: '{"data":{"text":"${CANARY}"}}' } }
data: { text: ${CANARY} }
`;
  const KEEP = { more: "sensitive: [data]" };
  it.each([
    { name: "a create", given: keeps("keep", KEEP), verb: "create" },
    { name: "a patch that does not send it", given: keeps("keep", { ...KEEP, data: "{ other: x }" }) + existing },
    { name: "a patch of the record alone", given: keeps("keep", { ...KEEP, update: "never" }) + existing },
    {
      name: "a delete",
      given: keeps("keep", { ...KEEP, update: "recreate", data: "{ other: x }" }) + existing,
      verb: "delete",
    },
    {
      name: "a delete that the function asks for",
      given: keeps("keep", { ...KEEP, api: "deleteIfExists: true" }) + existing,
      verb: "delete",
    },
  ])("repeat it nowhere: $name", async ({ given, verb = "patch" }) => {
    const refused: ClusterFault = { kind: "invalid", detail: `denied: "${CANARY}" is weak`, status: 422 };
    const bench = await WorkerBench.start(flow("keep") + given + request("one", `{ text: ${CANARY} }`), {
      before: (asked, { kind }) => (asked === verb && kind === "ConfigMap" ? refused : undefined),
    });
    await bench.run("one");
    bench.stop();
    const { message } = await bench.condition("one");
    expect(message).toContain('denied: "..." is weak');
    expect(JSON.stringify([message, bench.events])).not.toContain(CANARY);
  });

  it("repeat it nowhere: a delete of what no step names any more", async () => {
    const refused: ClusterFault = { kind: "invalid", detail: `denied: "${CANARY}" is weak`, status: 422 };
    const destroyed = keeps("keep", { more: "sensitive: [data]\n  delete: { destroy: {} }" });
    const bench = await WorkerBench.start(
      flow("keep", "stay") + destroyed + keeps("stay", { object: "other" }) + request("one", `{ text: ${CANARY} }`),
      { before: (asked, { kind }) => (asked === "delete" && kind === "ConfigMap" ? refused : undefined) },
    );
    for (let runs = 0; runs < 3; runs += 1) await bench.run("one");
    await bench.apply(flow("stay"));
    for (let runs = 0; runs < 3; runs += 1) await bench.run("one");
    bench.stop();
    const told = JSON.stringify([(await bench.get(REQUEST, "one"))?.["status"], bench.events]);
    expect(told).toContain('denied: \\"...\\" is weak');
    expect(told).not.toContain(CANARY);
  });
});

it("gives its run up before it throws", async () => {
  let isAbandoned = false;
  const run = {
    leaseLeftMs: () => 0,
    signal: new AbortController().signal,
    abandon: () => (isAbandoned = true),
  } as unknown as RunContext;
  const action = { kind: "create", body: {}, outcome: retry(1) } as const;
  const ref = { type: CONFIG_MAP, namespace: "apps", name: "x" };
  await expect(perform(run, { action, ref, observed: null, name: "X", sensitive: [] }, run.signal)).rejects.toThrow(
    RunInterrupted,
  );
  expect(isAbandoned).toBe(true);
});
