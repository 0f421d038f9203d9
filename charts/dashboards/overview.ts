/** Whether Koreo does its work, on one page: what users wait for, what fails, what waits, who is there. */
import type { Dashboard } from "./description.ts";
import { INSTALLATIONS, JOB, JOBS, NAME, quantiles, rateOf, totalRate, upTo } from "./promql.ts";

const READY = "koreo_change_to_ready_seconds";
const TOTAL = "controller_runtime_reconcile_total";

export const OVERVIEW: Dashboard = {
  uid: "koreo-overview",
  title: "Koreo / Overview",
  description: "Service levels first; below what they depend on. Every number leads to a dashboard of its own.",
  variables: [JOBS, INSTALLATIONS],
  sections: [
    {
      title: "Service levels",
      panels: [
        {
          kind: "number",
          title: "Ready within 30 s",
          description: "Share of changes whose trigger was Ready within 30 seconds, over the time shown.",
          unit: "percentunit",
          width: 6,
          queries: [
            {
              expr: `sum(increase(${READY}_bucket{${JOB}, ${upTo(30)}}[$__range])) / sum(increase(${READY}_count{${JOB}}[$__range]))`,
              legend: "within 30 s",
            },
          ],
        },
        {
          kind: "number",
          title: "Runs that fail",
          description: "Share of runs that ended as an error, over the time shown.",
          unit: "percentunit",
          width: 6,
          queries: [
            {
              expr: `sum(increase(${TOTAL}{${JOB}, result="error"}[$__range])) / sum(increase(${TOTAL}{${JOB}}[$__range]))`,
              legend: "failed",
            },
          ],
        },
        {
          kind: "number",
          title: "Failing keys",
          description: "Keys whose last run failed.",
          unit: "short",
          width: 6,
          queries: [{ expr: `max(koreo_queue_keys{${NAME}, state="failing"})`, legend: "failing" }],
        },
        {
          kind: "number",
          title: "Longest wait of a change",
          description: "How long the key of a change has been waiting for a worker.",
          unit: "s",
          width: 6,
          queries: [{ expr: `max(koreo_queue_oldest_seconds{${NAME}, class="1"})`, legend: "class 1" }],
        },
        {
          kind: "lines",
          title: "From change to Ready",
          description: "From the first change that a Workflow answers until its trigger is Ready. The dots are traces.",
          unit: "s",
          width: 12,
          queries: quantiles(READY, { exemplars: true }),
        },
        {
          kind: "areas",
          title: "What Workflows come to",
          description: "Outcomes a second. retry and depSkip are on their way; permFail needs somebody.",
          unit: "ops",
          width: 12,
          queries: [{ expr: rateOf("koreo_workflow_outcomes_total", ["outcome"]), legend: "{{outcome}}" }],
        },
      ],
    },
    {
      title: "Work",
      panels: [
        {
          kind: "areas",
          title: "Runs",
          description: "Runs a second by result, as controller-runtime names them.",
          unit: "ops",
          queries: [{ expr: rateOf(TOTAL, ["result"]), legend: "{{result}}" }],
        },
        {
          kind: "lines",
          title: "Keys by state",
          description: "Waiting for a worker, running, or to be looked at later.",
          unit: "short",
          queries: [{ expr: `max by (state) (koreo_queue_keys{${NAME}})`, legend: "{{state}}" }],
        },
        {
          kind: "bars",
          title: "Drift repaired",
          description: "Writes that neither a trigger nor a definition asked for, over the time shown, by kind.",
          unit: "short",
          queries: [
            {
              expr: `sum by (kind) (increase(koreo_drift_repairs_total{${JOB}}[$__range]))`,
              legend: "{{kind}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Definitions",
          description: "Definitions by health; the Ready condition of a faulty one says what is wrong.",
          unit: "short",
          queries: [
            { expr: `sum by (health) (max by (kind, health) (koreo_definitions{${JOB}}))`, legend: "{{health}}" },
          ],
        },
        {
          kind: "lines",
          title: "Runs that were interrupted",
          description: "By a newer change, by a lease that was lost, or by a worker that drained.",
          unit: "ops",
          queries: [{ expr: rateOf("koreo_run_interruptions_total", ["reason"]), legend: "{{reason}}" }],
        },
        {
          kind: "lines",
          title: "Expressions over budget",
          description: "Evaluations a second that were ended because they cost too much.",
          unit: "ops",
          queries: [{ expr: rateOf("koreo_expression_budget_faults_total", ["part"]), legend: "{{part}}" }],
        },
      ],
    },
    {
      title: "Processes",
      panels: [
        {
          kind: "number",
          title: "Workers",
          description: "Workers that report.",
          unit: "short",
          width: 4,
          queries: [{ expr: `count(koreo_worker_concurrency{${JOB}, ${NAME}})`, legend: "workers" }],
        },
        {
          kind: "number",
          title: "Watchers",
          description: "Watchers that report.",
          unit: "short",
          width: 4,
          queries: [{ expr: `count(koreo_watcher_heartbeat_age_seconds{${JOB}, ${NAME}})`, legend: "watchers" }],
        },
        {
          kind: "number",
          title: "Not ready",
          description: "Processes that do not do their work, or not all of it. /readyz of each says why.",
          unit: "short",
          width: 4,
          queries: [{ expr: `sum(1 - koreo_ready{${JOB}, ${NAME}})`, legend: "not ready" }],
        },
        {
          kind: "lines",
          title: "CPU",
          description: "Cores in use.",
          unit: "short",
          width: 12,
          queries: [{ expr: rateOf("process_cpu_seconds_total", ["instance"]), legend: "{{instance}}" }],
        },
        {
          kind: "lines",
          title: "Memory",
          description: "Resident memory.",
          unit: "bytes",
          queries: [{ expr: `process_resident_memory_bytes{${JOB}}`, legend: "{{instance}}" }],
        },
        {
          kind: "lines",
          title: "Event loop",
          description:
            "How late timers are, at the 99th percentile: above some hundred milliseconds a process has too much to do.",
          unit: "s",
          queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${JOB}}`, legend: "{{instance}}" }],
        },
        {
          kind: "lines",
          title: "API server: errors",
          description: "Requests a second that were refused with 429 or 5xx, or got no answer.",
          unit: "ops",
          queries: [
            {
              expr: totalRate("rest_client_requests_total", `${JOB}, code=~"429|5..|<error>"`),
              legend: "errors",
              mayBeEmpty: "The API server has answered everything: the series of a code begins with its first answer.",
            },
          ],
        },
      ],
    },
  ],
};
