import { MemoryKeyStore } from "../../src/adapters/memory/key-store.ts";
import { ManualClock } from "../../src/adapters/memory/manual-clock.ts";
import { describeKeyFairness } from "./key-store-fairness.ts";
import { describeKeyStoreView } from "./key-store-view.ts";
import { describeKeyStore, type KeyStoreFixture } from "./key-store.ts";

function make(): Promise<KeyStoreFixture> {
  const clock = new ManualClock();
  const store = new MemoryKeyStore({ clock, leasesEnd: true });
  return Promise.resolve({ store, advance: (ms) => clock.advance(ms), close: () => store.close() });
}

describeKeyStore("memory", make);
describeKeyFairness("memory", make);
describeKeyStoreView("memory", make);
