import { describeKeyFairness } from "../contract/key-store-fairness.ts";
import { describeKeyStoreView } from "../contract/key-store-view.ts";
import { describeKeyStore, type KeyStoreFixture } from "../contract/key-store.ts";
import { freshName, openStore, removeInstallation, sleep } from "./queue/redis-fixture.ts";

async function make(): Promise<KeyStoreFixture> {
  const name = freshName();
  const store = await openStore(name);
  const close = async () => {
    await store.close();
    await removeInstallation(name);
  };
  return { store, advance: sleep, close };
}

describeKeyStore("Redis", make);
describeKeyFairness("Redis", make);
describeKeyStoreView("Redis", make);
