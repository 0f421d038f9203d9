import { describeScenarios } from "./every-schedule.ts";
import { ENDING } from "./scenarios/ending.ts";
import { SHARING } from "./scenarios/sharing.ts";

describeScenarios("objects that are shared", SHARING, 100);
describeScenarios("triggers that go away", ENDING, 100);
