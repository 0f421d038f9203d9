import { describeScenarios } from "./every-schedule.ts";
import { LIFECYCLE } from "./scenarios/lifecycle.ts";
import { SHARING } from "./scenarios/sharing.ts";

describeScenarios("objects that are shared", SHARING, 60);
describeScenarios("what is wanted no more", LIFECYCLE, 60);
