import { MemoryObjectIndex } from "../../src/adapters/memory/object-index.ts";
import { describeObjectIndex } from "./object-index.ts";

describeObjectIndex("memory", () =>
  Promise.resolve({ index: new MemoryObjectIndex(), close: () => Promise.resolve() }),
);
