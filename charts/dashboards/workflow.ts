/** One Workflow: what it comes to, which step holds it up, how long its triggers wait. */
import type { Dashboard } from "./description.ts";
import { JOB, JOBS, quantiles, rateOf } from "./promql.ts";
import { traceQuery } from "./trace-queries.ts";

const THIS = `${JOB}, workflow="$workflow"`;

export const WORKFLOW: Dashboard = {
  uid: "koreo-workflow",
  title: "Koreo / One Workflow",
  description: "All runs of one Workflow for triggers of its own; runs as part of another Workflow count as its steps.",
  variables: [
    JOBS,
    {
      kind: "label",
      name: "workflow",
      label: "Workflow",
      metric: "koreo_workflow_outcomes_total",
      of: "workflow",
      many: false,
    },
  ],
  sections: [
    {
      title: "Outcomes",
      panels: [
        {
          kind: "areas",
          title: "What it comes to",
          description: "Outcomes a second.",
          unit: "ops",
          width: 12,
          queries: [{ expr: rateOf("koreo_workflow_outcomes_total", ["outcome"], THIS), legend: "{{outcome}}" }],
        },
        {
          kind: "lines",
          title: "From change to Ready",
          description: "From the first change that it answers until its trigger is Ready. The dots are traces.",
          unit: "s",
          width: 12,
          queries: quantiles("koreo_change_to_ready_seconds", { matchers: THIS, exemplars: true }),
        },
        {
          kind: "number",
          title: "Needs somebody",
          description: "Runs that came to permFail, over the time shown.",
          unit: "short",
          width: 6,
          queries: [
            {
              expr: `sum(increase(koreo_workflow_outcomes_total{${THIS}, outcome="permFail"}[$__range]))`,
              legend: "permFail",
            },
          ],
        },
        {
          kind: "bars",
          title: "Steps that did not come to ok",
          description: "Calls of steps over the time shown by what they came to; each item of a forEach is a call.",
          unit: "short",
          width: 18,
          queries: [
            {
              expr: `sum by (step, outcome) (increase(koreo_step_outcomes_total{${THIS}, outcome!="ok"}[$__range]))`,
              legend: "{{step}}: {{outcome}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Calls of steps",
          description: "Calls a second by step and outcome.",
          unit: "ops",
          width: 24,
          queries: [
            {
              expr: rateOf("koreo_step_outcomes_total", ["step", "outcome"], THIS),
              legend: "{{step}}: {{outcome}}",
            },
          ],
        },
      ],
    },
    {
      title: "Traces",
      panels: [
        {
          kind: "traces",
          title: "Runs that did not come to ok",
          description: "The newest; the trace shows the step that waits or fails.",
          query: traceQuery("Runs of one Workflow that did not come to ok"),
          width: 12,
        },
        {
          kind: "traces",
          title: "Runs that changed something",
          description: "The newest runs that wrote an object or a status.",
          query: traceQuery("Runs of one Workflow that changed something"),
          width: 12,
        },
      ],
    },
  ],
};
