/**
 * The kinds that the cluster of a WorkflowTest serves. A real server knows whether a kind is namespaced and has
 * `/status`; here the files' CustomResourceDefinitions tell, else facts about Kubernetes' own kinds, else functions.
 */
import { isBuiltInGroup } from "../../core/built-in-groups.ts";
import { type JsonObject, listOf, member, memberAt, textMember } from "../../core/json.ts";
import { parseApiVersion, type GroupVersionKind } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import type { WorkflowTestPlan } from "../../core/workflow-test/prepare.ts";
import type { ResourceType } from "../../engine/ports/object-store.ts";

/** Kubernetes' own kinds that are not namespaced. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  ...["APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding"],
  ...["ComponentStatus", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IngressClass"],
  ...["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node"],
  ...["PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass"],
  ...["StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
  ...["ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass"],
]);

/** Kubernetes' own kinds without a status. */
const WITHOUT_STATUS: ReadonlySet<string> = new Set([
  ...["ClusterRole", "ClusterRoleBinding", "ConfigMap", "EndpointSlice", "Endpoints", "Event", "IngressClass", "Lease"],
  ...["LimitRange", "MutatingWebhookConfiguration", "NetworkPolicy", "PodTemplate", "PriorityClass", "Role"],
  ...["RoleBinding", "RuntimeClass", "Secret", "ServiceAccount", "StorageClass", "ValidatingWebhookConfiguration"],
]);

/**
 * @param crds - whole CustomResourceDefinitions
 * @returns every kind of the CRDs, the trigger, the functions and the test's objects, each version separately
 */
export function servedKinds(
  plan: WorkflowTestPlan,
  trigger: GroupVersionKind,
  catalog: Catalog,
  crds: readonly JsonObject[],
): readonly ResourceType[] {
  const types = new Map<string, ResourceType>();
  const add = (type: ResourceType) => {
    const text = `${type.group}/${type.version}/${type.kind}`;
    if (!types.has(text)) types.set(text, type);
  };
  for (const crd of crds) typesOfCrd(crd).forEach(add);
  add(assumed(trigger, {}));
  for (const { compiled } of catalog.entries) {
    if (compiled.kind !== "ResourceFunction" || compiled.prepared.kind !== "ready") continue;
    const { apiVersion, kind, plural, namespaced } = compiled.prepared.plan.api;
    add(assumed({ ...parseApiVersion(apiVersion), kind }, { plural, namespaced }));
  }
  const given = [plan.objects, ...plan.cases.map(({ apply }) => apply)].flat();
  for (const object of given) {
    const kind = { ...parseApiVersion(textMember(object, "apiVersion")), kind: textMember(object, "kind") };
    const namespaced = textMember(object["metadata"], "namespace") !== "" ? true : undefined;
    add(assumed(kind, { namespaced }));
  }
  return [...types.values()];
}

function assumed(
  kind: GroupVersionKind,
  said: { readonly plural?: string | undefined; readonly namespaced?: boolean | undefined },
): ResourceType {
  const isBuiltIn = isBuiltInGroup(kind.group);
  const isClusterScoped = isBuiltIn && CLUSTER_SCOPED.has(kind.kind);
  return {
    group: kind.group,
    version: kind.version,
    kind: kind.kind,
    plural: said.plural ?? `${kind.kind.toLowerCase()}s`,
    namespaced: isClusterScoped ? false : (said.namespaced ?? true),
    hasStatus: !(isBuiltIn && WITHOUT_STATUS.has(kind.kind)),
    watchable: true,
  };
}

function typesOfCrd(crd: JsonObject): readonly ResourceType[] {
  const spec = member(crd, "spec");
  const names = member(spec, "names");
  const written = member(spec, "versions");
  const all = listOf(written);
  const versions = all.filter((version) => member(version, "served") !== false);
  return versions.map((version) => ({
    group: textMember(spec, "group"),
    version: textMember(version, "name"),
    kind: textMember(names, "kind"),
    plural: textMember(names, "plural"),
    namespaced: textMember(spec, "scope") !== "Cluster",
    hasStatus: memberAt(version, ["subresources", "status"]) !== undefined,
    watchable: true,
  }));
}
