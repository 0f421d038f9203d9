/** The kinds that the contract suites of the cluster ports use, as resource types and as CRDs for a real server. */
import type { JsonObject } from "../../src/core/json.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, resourceType } from "../support/resource-type.ts";

export const CONTRACT_GROUP = "contract.koreo.test";

/** Has a status subresource. */
export const WIDGET = resourceType(CONTRACT_GROUP, "Widget");

/** Has no status subresource: its status is a field like any other. */
export const GADGET: ResourceType = { ...WIDGET, kind: "Gadget", plural: "gadgets", hasStatus: false };

export { CONFIG_MAP };

/** Has the fields `spec.text` and `status.state`, and no other. */
export const GIZMO: ResourceType = { ...WIDGET, kind: "Gizmo", plural: "gizmos" };
export const GIZMO_FIELDS = { spec: { text: true }, status: { state: true } } as const;

const closed = (field: string): JsonObject => ({ type: "object", properties: { [field]: { type: "string" } } });

/** A CRD that keeps every field of spec and status; that of GIZMO those it has. */
export function crdOf(type: ResourceType): JsonObject {
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const [spec, status] = type.kind === GIZMO.kind ? [closed("text"), closed("state")] : [open, open];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${type.plural}.${type.group}` },
    spec: {
      group: type.group,
      names: { kind: type.kind, plural: type.plural, singular: type.kind.toLowerCase(), listKind: `${type.kind}List` },
      scope: type.namespaced ? "Namespaced" : "Cluster",
      versions: [
        {
          name: type.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec, status } } },
          ...(type.hasStatus && { subresources: { status: {} } }),
        },
      ],
    },
  };
}
