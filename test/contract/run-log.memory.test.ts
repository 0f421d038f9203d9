import { MemoryRunLog } from "../../src/adapters/memory/run-log.ts";
import { describeRunLog } from "./run-log.ts";

describeRunLog("memory", (limits) =>
  Promise.resolve({ log: new MemoryRunLog(limits), close: () => Promise.resolve() }),
);
