import { describeScenarios } from "./every-schedule.ts";
import { KEEPING } from "./scenarios/keeping.ts";

describeScenarios("objects that are kept", KEEPING, 100);
