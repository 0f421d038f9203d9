/**
 * What BullMQ's backend interface has and a queue of keys does not: flows, job schedulers, job logs, dead letters and
 * the like. Listed by name, so that a member added by an upgrade of BullMQ does not compile until it is looked at.
 */
import type { IQueueBackend } from "bullmq";

export const UNSUPPORTED = [
  "addFlow",
  "addJobScheduler",
  "addLog",
  "changeDelay",
  "changePriority",
  "cleanJobsByState",
  "clearLogs",
  "deleteDeduplicationKey",
  "drain",
  "extendLock",
  "extendLocks",
  "forQueue",
  "getCountsPerPriority",
  "getDeduplicationJobId",
  "getDependencies",
  "getDependencyCounts",
  "getIgnoredChildrenFailures",
  "getJobData",
  "getJobLogs",
  "getJobScheduler",
  "getJobSchedulerData",
  "getJobSchedulersCount",
  "getJobSchedulersRange",
  "getMetrics",
  "getProcessedChildrenValues",
  "getQueueMeta",
  "getQueueMetaField",
  "getQueueMetaFields",
  "getRanges",
  "getRateLimitTtl",
  "getState",
  "isFinished",
  "isJobInState",
  "isJobScheduler",
  "isMaxed",
  "moveJobFromActiveToWait",
  "moveStalledJobsToWait",
  "moveToDelayed",
  "moveToWaitingChildren",
  "obliterate",
  "paginate",
  "parseNodeKey",
  "pause",
  "promote",
  "promoteJobs",
  "publishEvent",
  "readEvents",
  "remove",
  "removeChildDependency",
  "removeDeduplicationKey",
  "removeDeprecatedPriorityKey",
  "removeJobScheduler",
  "removeOrphanedJobs",
  "removeQueueMetaFields",
  "removeRateLimitKey",
  "removeUnprocessedChildren",
  "retryFinishedJob",
  "retryFinishedJobs",
  "retryJob",
  "setRateLimit",
  "trimEvents",
  "updateData",
  "updateJobSchedulerNextMillis",
  "updateProgress",
] as const satisfies readonly (keyof IQueueBackend)[];

export type UnsupportedMember = (typeof UNSUPPORTED)[number];

/** Gives a backend class these members, each of which throws an error that names it. */
export function refuseUnsupported(prototype: object): void {
  for (const member of UNSUPPORTED) {
    const refuse = () => {
      throw new Error(`a queue of keys has no ${member}`);
    };
    Object.defineProperty(prototype, member, { value: refuse, configurable: true });
  }
}

/** A backend with the refusing members, which its class gets at run time only. */
export type AsQueueBackend<B> = B & IQueueBackend;
