import { describeRandom, describeScenarios } from "./every-schedule.ts";
import { LIFECYCLE } from "./scenarios/lifecycle.ts";

const ALL_FAULTS = new Set(["for-each-shrinks", "deleted-without-workflow"]);

describeScenarios(
  "what is wanted no more",
  LIFECYCLE.filter(({ name }) => ALL_FAULTS.has(name)),
  60,
);
describeRandom(
  "what is wanted no more",
  LIFECYCLE.filter(({ name }) => !ALL_FAULTS.has(name)),
  60,
);
