/** Every scenario, by name. */
import type { Scenario } from "../scenario.ts";
import { ENDING } from "./ending.ts";
import { KEEPING } from "./keeping.ts";
import { SHARING } from "./sharing.ts";

export const SCENARIOS: readonly Scenario[] = [...KEEPING, ...SHARING, ...ENDING];
