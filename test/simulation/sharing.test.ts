import { describeRandom, describeScenarios } from "./every-schedule.ts";
import { ENDING } from "./scenarios/ending.ts";
import { SHARING } from "./scenarios/sharing.ts";

describeScenarios("objects that are shared", SHARING, 100);
describeRandom("triggers that go away", ENDING, 100);
