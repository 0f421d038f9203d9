/** One trigger: its runs as traces, beside what all triggers of its kind do. Metrics have no label for single triggers. */
import type { Dashboard } from "./description.ts";
import { INSTALLATIONS, JOB, JOBS, NAME, quantiles, rateOf } from "./promql.ts";
import { traceQuery } from "./trace-queries.ts";

const THIS_KIND = `${JOB}, controller="$controller"`;

export const KEY: Dashboard = {
  uid: "koreo-key",
  title: "Koreo / One trigger",
  description:
    "Runs of one trigger as traces, beside what all triggers of its kind do. `koreo queue` prints keys: cluster/group/Kind/namespace/name. Choose its kind, too, to compare it.",
  variables: [
    JOBS,
    INSTALLATIONS,
    { kind: "text", name: "key", label: "Key", initial: "local/group/Kind/namespace/name" },
    {
      kind: "label",
      name: "controller",
      label: "Its kind",
      metric: "controller_runtime_reconcile_total",
      of: "controller",
      many: false,
    },
  ],
  sections: [
    {
      title: "Its runs",
      panels: [
        {
          kind: "traces",
          title: "Runs",
          description: "The newest runs of the key; each leads to its trace, from the change to the status.",
          query: traceQuery("Runs of one key"),
        },
        {
          kind: "traces",
          title: "Runs that did not come to ok",
          description: "What the key waits for, or fails at: the trace names the step.",
          query: traceQuery("Runs of one key that did not come to ok"),
        },
        {
          kind: "traces",
          title: "What woke it",
          description: "Changes of the trigger and of its managed objects, as watchers saw them.",
          query: traceQuery("Changes as watchers saw them"),
        },
      ],
    },
    {
      title: "All triggers of its kind",
      panels: [
        {
          kind: "lines",
          title: "How long runs take",
          description: "The dots are traces of single runs.",
          unit: "s",
          queries: quantiles("controller_runtime_reconcile_time_seconds", { matchers: THIS_KIND, exemplars: true }),
        },
        {
          kind: "areas",
          title: "What runs come to",
          description: "Runs a second by result.",
          unit: "ops",
          queries: [
            { expr: rateOf("controller_runtime_reconcile_total", ["result"], THIS_KIND), legend: "{{result}}" },
          ],
        },
        {
          kind: "lines",
          title: "How long keys wait",
          description: "Of all kinds, before they run. The dots are traces.",
          unit: "s",
          queries: quantiles("workqueue_queue_duration_seconds", { matchers: `${JOB}, ${NAME}`, exemplars: true }),
        },
      ],
    },
  ],
};
