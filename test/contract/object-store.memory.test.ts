import { systemClock } from "../../src/adapters/system/clock.ts";
import { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { CONFIG_MAP, GADGET, GIZMO, GIZMO_FIELDS, WIDGET } from "./object-kinds.ts";
import { describeObjectStore } from "./object-store.ts";

describeObjectStore("memory", () => {
  const store = new MemoryCluster({
    clock: systemClock,
    types: [CONFIG_MAP, WIDGET, GADGET, GIZMO],
    fields: { Gizmo: GIZMO_FIELDS },
  });
  return Promise.resolve({ store, namespace: "contract", checksNamespaces: false, close: () => Promise.resolve() });
});
