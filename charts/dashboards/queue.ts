/** The queue: what waits, for how long, whose it is, and whether there are enough workers. */
import type { Dashboard } from "./description.ts";
import { INSTALLATIONS, JOB, JOBS, NAME, quantiles, rateOf, totalRate } from "./promql.ts";

const BOTH = `${JOB}, ${NAME}`;

export const QUEUE: Dashboard = {
  uid: "koreo-queue",
  title: "Koreo / Queue and tenants",
  description:
    "What waits, for how long, whose it is, and whether there are enough workers. Every process tells the same of the queue, so that queries take the maximum. Class 1 is a change, 2 a retry or what depends on a change, 3 a mere look. A tenant is a namespace of a cluster.",
  variables: [JOBS, INSTALLATIONS],
  sections: [
    {
      title: "Queue",
      panels: [
        {
          kind: "lines",
          title: "Keys by state",
          description: "A failing key is in any of the other states, too.",
          unit: "short",
          queries: [{ expr: `max by (name, state) (koreo_queue_keys{${NAME}})`, legend: "{{name}}: {{state}}" }],
        },
        {
          kind: "lines",
          title: "Longest wait by class",
          description: "How long the key that waits longest has been waiting.",
          unit: "s",
          queries: [
            { expr: `max by (name, class) (koreo_queue_oldest_seconds{${NAME}})`, legend: "{{name}}: class {{class}}" },
          ],
        },
        {
          kind: "lines",
          title: "How long keys wait before they run",
          description: "Of all classes. The dots are traces.",
          unit: "s",
          queries: quantiles("workqueue_queue_duration_seconds", { matchers: BOTH, exemplars: true }),
        },
        {
          kind: "areas",
          title: "Wake-ups",
          description: "Sent to the queue a second, by class. Wake-ups of one key merge.",
          unit: "ops",
          queries: [{ expr: rateOf("workqueue_adds_total", ["class"], BOTH), legend: "class {{class}}" }],
        },
        {
          kind: "lines",
          title: "Runs after a failure",
          description: "Runs a second of keys whose run before had failed.",
          unit: "ops",
          queries: [{ expr: totalRate("workqueue_retries_total", BOTH), legend: "retries" }],
        },
        {
          kind: "lines",
          title: "Lost leases",
          description: "Runs that were done again because their worker did not hold its lease, since the queue exists.",
          unit: "short",
          queries: [{ expr: `max by (name) (koreo_queue_lost_leases{${NAME}})`, legend: "{{name}}" }],
        },
      ],
    },
    {
      title: "Workers",
      panels: [
        {
          kind: "lines",
          title: "Busy",
          description: "Share of the runs that the workers of an installation may do at once.",
          unit: "percentunit",
          queries: [
            {
              expr: `sum by (name) (koreo_worker_running_keys{${BOTH}}) / sum by (name) (koreo_worker_concurrency{${BOTH}})`,
              legend: "{{name}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "How long keys are worked on",
          description: "Of all kinds.",
          unit: "s",
          queries: quantiles("workqueue_work_duration_seconds", { matchers: BOTH }),
        },
        {
          kind: "lines",
          title: "Longest running key",
          description: "By worker. A run is ended by its deadline, 2 minutes where nothing else is set.",
          unit: "s",
          queries: [{ expr: `workqueue_longest_running_processor_seconds{${BOTH}}`, legend: "{{instance}}" }],
        },
      ],
    },
    {
      title: "Tenants that wait",
      panels: [
        {
          kind: "table",
          title: "Keys that wait",
          description: "The 20 tenants with most waiting keys, by class.",
          unit: "short",
          width: 12,
          queries: [
            {
              expr: `topk(20, max by (class, cluster, namespace) (koreo_queue_tenant_waiting_keys{${NAME}}))`,
              legend: "{{namespace}}",
              mayBeEmpty: "No key waits: a tenant is shown while it has keys that wait.",
            },
          ],
        },
        {
          kind: "table",
          title: "Longest wait",
          description: "The 20 tenants that have been waiting longest, by class.",
          unit: "s",
          width: 12,
          queries: [
            {
              expr: `topk(20, max by (class, cluster, namespace) (koreo_queue_tenant_oldest_seconds{${NAME}}))`,
              legend: "{{namespace}}",
              mayBeEmpty: "No key waits: a tenant is shown while it has keys that wait.",
            },
          ],
        },
      ],
    },
  ],
};
