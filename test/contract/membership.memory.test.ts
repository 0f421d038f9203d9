import { MemoryMembership } from "../../src/adapters/memory/membership.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { describeMembership } from "./membership.ts";

describeMembership("memory", () =>
  Promise.resolve({ membership: new MemoryMembership(systemClock), close: () => Promise.resolve() }),
);
