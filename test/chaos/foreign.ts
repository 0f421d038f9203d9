/** Objects that are none of Koreo's business, some of which look as if they were; and the right to touch them all the same. */
import { isJsonObject, member, type JsonObject } from "../../src/core/json.ts";
import type { ObjectRef } from "../../src/engine/ports/object-store.ts";
import { fingerprintOf, type Foreign } from "./judge.ts";
import { CLUSTER_ROLE, CONFIG_MAP, LEASE, placeOf } from "./kinds.ts";
import type { Person } from "./person.ts";
import { REFERENCE, SHOPS, SITES, SPACES } from "./platform.ts";
import { KOREO_USER } from "./rig.ts";

const map = (namespace: string, name: string): ObjectRef => ({ type: CONFIG_MAP, namespace, name });

/** What the Spaces read; before them. */
export async function makeReference(person: Person): Promise<void> {
  const metadata = { name: REFERENCE.name, namespace: SPACES };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { text: REFERENCE.text } };
  await person.create(map(SPACES, REFERENCE.name), body);
}

/** Makes the others, and notes how all of them are. */
export async function makeForeign(person: Person): Promise<readonly Foreign[]> {
  const refs = [
    map(SPACES, REFERENCE.name),
    ...(await bystanders(person)),
    ...(await Promise.all([
      copyOf(person, map(SHOPS, "shop-00-config"), "shop-00-config-copy"),
      copyOf(person, map(SITES, "site-00-first"), "backup-of-site-00-first"),
      copyOf(person, map(SPACES, "space-00-near"), "space-00-near-copy"),
    ])),
  ];
  return Promise.all(
    refs.map(async (ref) => {
      const object = await person.get(ref);
      if (object === undefined) throw new Error(`the foreign object ${ref.name} is not there`);
      return { place: placeOf(ref.type, ref.namespace, ref.name), fingerprint: fingerprintOf(object) };
    }),
  );
}

/** In the same places as Koreo's objects, with names and content like theirs, without a mark. */
async function bystanders(person: Person): Promise<readonly ObjectRef[]> {
  const made: ObjectRef[] = [];
  const make = async (ref: ObjectRef, body: JsonObject) => {
    const metadata = { name: ref.name, ...(ref.namespace === "" ? {} : { namespace: ref.namespace }) };
    await person.create(ref, { ...body, kind: ref.type.kind, metadata });
    made.push(ref);
  };
  for (const namespace of [SHOPS, SITES, SPACES]) {
    await make(map(namespace, "bystander"), { apiVersion: "v1", data: { text: "theirs" } });
    const lease = { type: LEASE, namespace, name: "bystander" };
    await make(lease, { apiVersion: "coordination.k8s.io/v1", spec: { holderIdentity: "them" } });
  }
  const role = { type: CLUSTER_ROLE, namespace: "", name: "chaos-bystander" };
  await make(role, { apiVersion: "rbac.authorization.k8s.io/v1", rules: [] });
  return made;
}

/** With labels, annotations (the mark among them) and content of one of ours, as backups and copying controllers make them. */
async function copyOf(person: Person, original: ObjectRef, name: string): Promise<ObjectRef> {
  const object = await person.get(original);
  if (object === undefined) throw new Error(`${original.name} is not there to be copied`);
  const metadata = member(object, "metadata");
  const parts = ["labels", "annotations"].flatMap((part) => {
    const value = member(metadata, part);
    return isJsonObject(value) ? [[part, value] as const] : [];
  });
  const ref = { ...original, name };
  await person.create(ref, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: original.namespace, ...Object.fromEntries(parts) },
    data: member(object, "data") ?? {},
  });
  return ref;
}

/** Watchers and workers may do everything, so that nothing but their own care keeps them from the foreign objects. */
export async function grantEverything(person: Person): Promise<void> {
  const type = { ...CLUSTER_ROLE, kind: "ClusterRoleBinding", plural: "clusterrolebindings" };
  await person.create(
    { type, namespace: "", name: KOREO_USER },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: KOREO_USER },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: KOREO_USER }],
    },
  );
}
