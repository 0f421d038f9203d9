import { describeRandom } from "./every-schedule.ts";
import { KEEPING } from "./scenarios/keeping.ts";

describeRandom("objects that are kept", KEEPING, 60);
