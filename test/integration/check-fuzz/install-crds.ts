/** Koreo's five CRDs on the test server, served and ready to judge. */
import type { ClusterAccess } from "../../../src/adapters/kubernetes/connect.ts";
import { member, memberAt, textMember, type JsonObject } from "../../../src/core/json.ts";
import { valueOf } from "../../contract/object-store.ts";
import { CRD_FILES, objectsIn } from "../../support/manifest-files.ts";
import { CRD, eventually } from "../kubernetes-fixture.ts";

const signal = new AbortController().signal;

/** By create or merge patch: server-side apply of a CRD fails on servers before 1.23, which have no validation rules. */
export async function installCrd({ store }: ClusterAccess, crd: JsonObject): Promise<void> {
  const ref = { type: CRD, namespace: "", name: textMember(member(crd, "metadata"), "name") };
  const created = await store.create(ref, crd, signal);
  if (created.kind === "fault") valueOf(await store.patch(ref, crd, signal));
  await eventually(async () => {
    const conditions = memberAt(valueOf(await store.get(ref, signal)), ["status", "conditions"]);
    return (conditions as readonly JsonObject[] | undefined)?.some(isEstablished) === true;
  });
  const kind = textMember(memberAt(crd, ["spec", "names"]), "kind");
  await eventually(async () => {
    const type = await store.resolve({ group: textMember(crd["spec"], "group"), kind }, signal);
    return type.kind === "ok" && (await store.list(type.value, { limit: 1 }, signal)).kind === "ok";
  });
}

/** Servers from here on have rules in CRDs and strict field validation. */
export const STRICT_SINCE_MINOR = 27;

export async function minorOf({ client }: ClusterAccess): Promise<number> {
  const version = await client.request({ method: "GET", path: "/version", verb: "get", kind: "" }, signal);
  return Number.parseInt(textMember(valueOf(version), "minor"), 10);
}

export async function installCrds(cluster: ClusterAccess): Promise<void> {
  for (const crd of objectsIn(CRD_FILES)) await installCrd(cluster, crd);
}

const isEstablished = (condition: JsonObject) => condition["type"] === "Established" && condition["status"] === "True";
