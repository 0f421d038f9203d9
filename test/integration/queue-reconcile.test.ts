import type { KeyStore } from "../../src/engine/ports/key-store.ts";
import { describeReconcileQueue } from "../contract/reconcile-queue.ts";
import { freshName, openStore, removeInstallation } from "./queue/redis-fixture.ts";

describeReconcileQueue("Redis", () => {
  const name = freshName();
  const stores: KeyStore[] = [];
  return Promise.resolve({
    openStore: async () => {
      const store = await openStore(name);
      stores.push(store);
      return store;
    },
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
      await removeInstallation(name);
    },
  });
});
