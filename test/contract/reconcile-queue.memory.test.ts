import { MemoryKeyStore } from "../../src/adapters/memory/key-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { describeReconcileQueue } from "./reconcile-queue.ts";

describeReconcileQueue("memory", () => {
  const store = new MemoryKeyStore({ clock: systemClock });
  return Promise.resolve({ openStore: () => Promise.resolve(store), close: () => store.close() });
});
