import { systemClock } from "../../src/adapters/system/clock.ts";
import { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { describeInformers } from "./informer.ts";
import { CONFIG_MAP, GADGET, WIDGET } from "./object-kinds.ts";

describeInformers("memory", () => {
  let namespaces = 0;
  let cut: Promise<void> | undefined;
  const cluster = new MemoryCluster({
    clock: systemClock,
    types: [CONFIG_MAP, WIDGET, GADGET],
    before: async (verb) => {
      if (verb === "watch") await cut;
      return undefined;
    },
  });
  return Promise.resolve({
    informers: cluster,
    store: cluster,
    freshNamespace: () => Promise.resolve(`namespace-${(namespaces += 1)}`),
    whileCut: async (work, forget) => {
      let restore = (): void => undefined;
      cut = new Promise((resolve) => (restore = resolve));
      cluster.cutWatches();
      await work();
      if (forget) cluster.compact();
      restore();
    },
    install: async (type) => cluster.register(type),
    uninstall: async (type) => cluster.unregister(type),
    close: () => Promise.resolve(),
  });
});
