/**
 * API groups that Kubernetes itself serves. Controllers own the status of their kinds, so a trigger of such a kind
 * never gets a status from us. This is a list, because CRDs may also live under `k8s.io` (the gateway API does).
 */
const BUILT_IN: ReadonlySet<string> = new Set([
  "",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "extensions",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);

/** Whether Kubernetes' own controllers own the status of this group's kinds. */
export function isBuiltInGroup(group: string): boolean {
  return BUILT_IN.has(group);
}
