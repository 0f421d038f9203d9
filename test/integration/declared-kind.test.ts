/** What a real API server says of kinds that it does not serve: declared and not served, of another server, or gone for good. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { CUSTOM_KINDS, declarationOf, SERVED_GROUPS } from "../../src/engine/declared-kind.ts";
import type { ObjectRef, ResourceType } from "../../src/engine/ports/object-store.ts";
import { GADGET } from "../contract/object-kinds.ts";
import { valueOf } from "../contract/object-store.ts";
import { connectToTestServer, eventually, installKind, uninstallKind } from "./kubernetes-fixture.ts";

const { signal } = new AbortController();
const KIND: ResourceType = { ...GADGET, group: "declared.koreo.test" };

let cluster: ClusterAccess;
beforeAll(() => {
  cluster = connectToTestServer();
});
afterAll(() => cluster.close());

const asked = () => ({ store: cluster.store, signal });
/** Asked of the server itself: what is known of a kind that was served a moment ago stays known for a while. */
const isServed = async () => (await cluster.store.list(KIND, { limit: 1 }, signal)).kind === "ok";

it("is declared while its CustomResourceDefinition stands, and absent once that is gone", async () => {
  expect(await declarationOf(asked(), KIND)).toEqual({ kind: "absent" });
  await installKind(cluster, KIND);
  const ref: ObjectRef = { type: CUSTOM_KINDS, namespace: "", name: `${KIND.plural}.${KIND.group}` };
  const versions = memberAt(valueOf(await cluster.store.get(ref, signal)), ["spec", "versions"]) as JsonObject[];
  const unserved = versions.map((version) => ({ ...version, served: false }));
  valueOf(await cluster.store.patch(ref, { spec: { versions: unserved } }, signal));
  await eventually(async () => !(await isServed()));
  expect(await declarationOf(asked(), KIND)).toEqual({
    kind: "declared",
    text: `the API server does not serve Gadget.declared.koreo.test, but its CustomResourceDefinition ${ref.name} is there`,
  });
  await uninstallKind(cluster, KIND);
  await eventually(async () => (await cluster.store.get(ref, signal)).kind === "fault");
  expect(await declarationOf(asked(), KIND)).toEqual({ kind: "absent" });
});

it("is declared while its group has a server of its own", async () => {
  const group = "aggregated.koreo.test";
  const ref: ObjectRef = { type: SERVED_GROUPS, namespace: "", name: `v1.${group}` };
  const service = { namespace: "default", name: "nobody", port: 443 };
  const priorities = { groupPriorityMinimum: 1000, versionPriority: 10, insecureSkipTLSVerify: true };
  const body = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: ref.name },
    spec: { group, version: "v1", service, ...priorities },
  };
  const created = valueOf(await cluster.store.create(ref, body, signal));
  const kind = { group, kind: "Thing" };
  expect(await declarationOf(asked(), kind)).toMatchObject({ kind: "declared" });
  const uid = textMember(created["metadata"], "uid");
  valueOf(await cluster.store.delete(ref, { uid, propagationPolicy: "Background" }, signal));
  await eventually(async () => (await declarationOf(asked(), kind)).kind === "absent");
});

it("is not known to be gone in a group of Kubernetes' own", async () => {
  expect(await declarationOf(asked(), { group: "apps", kind: "Nothing" })).toMatchObject({ kind: "unknown" });
});
