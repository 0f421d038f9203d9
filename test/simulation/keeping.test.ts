import { describeScenarios } from "./every-schedule.ts";
import { ENDING } from "./scenarios/ending.ts";
import { KEEPING } from "./scenarios/keeping.ts";

describeScenarios("objects that are kept", KEEPING, 60);
describeScenarios("triggers that go away", ENDING, 60);
