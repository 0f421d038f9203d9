import { MemoryKeyStore } from "../../src/adapters/memory/key-store.ts";
import { ManualClock } from "../../src/adapters/memory/manual-clock.ts";
import { describeKeyInterleavings } from "./key-interleavings.ts";

describeKeyInterleavings("memory", 5, () => {
  const clock = new ManualClock();
  const store = new MemoryKeyStore({ clock, leasesEnd: true });
  return Promise.resolve({
    store,
    nowMs: () => clock.nowMs(),
    advance: (ms) => clock.advance(ms),
    close: () => store.close(),
  });
});
