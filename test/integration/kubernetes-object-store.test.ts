import { GADGET, GIZMO, WIDGET } from "../contract/object-kinds.ts";
import { describeObjectStore } from "../contract/object-store.ts";
import { connectToTestServer, createNamespace, installKind } from "./kubernetes-fixture.ts";

describeObjectStore("a real API server", async () => {
  const cluster = connectToTestServer();
  for (const type of [WIDGET, GADGET, GIZMO]) await installKind(cluster, type);
  const namespace = await createNamespace(cluster, "object-store");
  return { store: cluster.store, namespace, checksNamespaces: true, close: () => cluster.close() };
});
