/** Redis, as Koreo's processes see it; what Redis says of itself is for an exporter of its own. */
import type { Dashboard } from "./description.ts";
import { INSTALLATIONS, JOB, JOBS, NAME, quantileBy, quantiles, rateOf, totalRate } from "./promql.ts";

const SECONDS = "koreo_state_request_duration_seconds";

export const STATE_STORE: Dashboard = {
  uid: "koreo-state-store",
  title: "Koreo / Redis",
  description:
    "The shared state as the processes see it: queue, index of objects, locks, ledger of watches, definitions, members.",
  variables: [JOBS, INSTALLATIONS],
  sections: [
    {
      title: "Connection",
      panels: [
        {
          kind: "lines",
          title: "Connected",
          description: "1 while a process has a connection.",
          unit: "short",
          queries: [{ expr: `koreo_state_up{${JOB}}`, legend: "{{instance}}" }],
        },
        {
          kind: "lines",
          title: "Requests without an answer",
          description: "A second, by part. Whoever asked keeps what it has and asks again.",
          unit: "ops",
          queries: [{ expr: rateOf(`${SECONDS}_count`, ["part"], `${JOB}, result="unavailable"`), legend: "{{part}}" }],
        },
        {
          kind: "lines",
          title: "Heartbeats of watchers",
          description: "How long ago the shared state last answered them.",
          unit: "s",
          queries: [{ expr: `max(koreo_watcher_heartbeat_age_seconds{${JOB}, ${NAME}})`, legend: "oldest" }],
        },
      ],
    },
    {
      title: "Requests",
      panels: [
        {
          kind: "areas",
          title: "Requests",
          description: "A second, by part; taking keys is not among them, for it waits on purpose.",
          unit: "ops",
          queries: [{ expr: rateOf(`${SECONDS}_count`, ["part"]), legend: "{{part}}" }],
        },
        {
          kind: "lines",
          title: "Answers take",
          description: "Of all parts.",
          unit: "s",
          queries: quantiles(SECONDS, { matchers: `${JOB}, result="ok"` }),
        },
        {
          kind: "lines",
          title: "Answers take, by part",
          description: "At the 99th percentile.",
          unit: "s",
          queries: [
            {
              expr: quantileBy(SECONDS, 0.99, ["part"], `${JOB}, result="ok"`),
              legend: "{{part}}",
            },
          ],
        },
      ],
    },
    {
      title: "What rests on it",
      panels: [
        {
          kind: "lines",
          title: "Locks",
          description:
            "How long runs wait for the answer whether they have the lock on an object that several triggers name.",
          unit: "s",
          queries: quantiles("koreo_lock_wait_seconds", {
            mayBeEmpty: "Only objects that several triggers name are locked.",
            exemplars: true,
          }),
        },
        {
          kind: "lines",
          title: "Locks that were held",
          description: "A second, by another run: the step waits until that one lets go.",
          unit: "ops",
          queries: [{ expr: totalRate("koreo_lock_refusals_total"), legend: "refused" }],
        },
        {
          kind: "lines",
          title: "Lost leases",
          description: "Since the queue exists.",
          unit: "short",
          queries: [{ expr: `max by (name) (koreo_queue_lost_leases{${NAME}})`, legend: "{{name}}" }],
        },
      ],
    },
  ],
};
