import { describeKeyInterleavings } from "../contract/key-interleavings.ts";
import { freshName, openStore, removeInstallation, sleep } from "./queue/redis-fixture.ts";

describeKeyInterleavings("Redis", 1, async () => {
  const name = freshName();
  const store = await openStore(name);
  return {
    store,
    nowMs: () => performance.now(),
    advance: sleep,
    close: async () => {
      await store.close();
      await removeInstallation(name);
    },
  };
});
