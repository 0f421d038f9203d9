/** Whether keys are run in time, and end. */
import type { AlertGroup, Series } from "./alert.ts";

export const QUEUE: AlertGroup = {
  name: "koreo-queue",
  alerts: [
    {
      name: "KoreoChangesWait",
      expr: `max by (name) (koreo_queue_oldest_seconds{class="1"}) > 60`,
      holds: "5m",
      severity: "critical",
      summary: "Changes wait {{ $value | humanizeDuration }} for a worker in {{ $labels.name }}.",
      description:
        "Users change something and nothing happens. Too few workers, workers that hang, or a store that is slow.",
      samples: {
        fires: { 'koreo_queue_oldest_seconds{name="koreo",class="1",instance="a"}': "0+60x40" },
        says: "Changes wait 30m 0s for a worker in koreo.",
        labels: { name: "koreo" },
        quiet: {
          'koreo_queue_oldest_seconds{name="koreo",class="1",instance="a"}': "10x40",
          'koreo_queue_oldest_seconds{name="koreo",class="3",instance="a"}': "0+60x40",
        },
      },
    },
    {
      name: "KoreoWorkersBusy",
      expr: "sum by (name) (koreo_worker_running_keys) / sum by (name) (koreo_worker_concurrency) > 0.9",
      holds: "15m",
      severity: "warning",
      summary: "{{ $value | humanizePercentage }} of what workers of {{ $labels.name }} may run at once is in use.",
      description: "Soon keys wait. Add workers, or find what makes runs long.",
      samples: {
        // All workers together are at 49 %.
        fires: {
          ...worker("shop", { running: 1 }),
          ...worker("bank", { running: 48 }),
        },
        says: "96% of what workers of bank may run at once is in use.",
        labels: { name: "bank" },
        quiet: {
          ...worker("shop", { running: 5 }),
          ...worker("bank", { running: 44 }),
        },
      },
    },
    {
      name: "KoreoRunHangs",
      expr: "max by (instance) (workqueue_longest_running_processor_seconds) > 600",
      holds: "1m",
      severity: "warning",
      summary: "A run on {{ $labels.instance }} has been running for {{ $value | humanizeDuration }}.",
      description:
        "Runs have a deadline (settings.runTimeout); this one does not keep it. The worker's log names the key.",
      samples: {
        fires: { 'workqueue_longest_running_processor_seconds{name="koreo",instance="a"}': "0+60x40" },
        says: "A run on a has been running for 30m 0s.",
        labels: { instance: "a" },
        quiet: { 'workqueue_longest_running_processor_seconds{name="koreo",instance="a"}': "100x40" },
      },
    },
    {
      name: "KoreoLeasesLost",
      expr: "max by (name) (delta(koreo_queue_lost_leases[15m])) > 5",
      holds: "0m",
      severity: "warning",
      summary:
        "{{ $value | humanize }} runs of {{ $labels.name }} were done again within 15 minutes because their worker lost its lease.",
      description:
        "Workers are killed, starved of CPU, or cut off from Redis. Look at restarts, CPU limits and event loop lag.",
      samples: {
        fires: { 'koreo_queue_lost_leases{name="koreo",instance="a"}': "0x20 0+2x20" },
        says: "18 runs of koreo were done again within 15 minutes because their worker lost its lease.",
        labels: { name: "koreo" },
        quiet: { 'koreo_queue_lost_leases{name="koreo",instance="a"}': "3x20 4x20" },
      },
    },
    {
      name: "KoreoRunsFail",
      expr: `sum by (controller) (rate(controller_runtime_reconcile_total{result="error"}[15m])) / sum by (controller) (rate(controller_runtime_reconcile_total[15m])) > 0.2`,
      holds: "15m",
      severity: "warning",
      summary: "{{ $value | humanizePercentage }} of the runs for {{ $labels.controller }} fail.",
      description: "The Ready conditions of its triggers say why; `koreo queue` shows the failing keys.",
      samples: {
        fires: {
          'controller_runtime_reconcile_total{controller="note.t.test",result="error"}': "0+5x40",
          'controller_runtime_reconcile_total{controller="note.t.test",result="success"}': "0+5x40",
        },
        says: "50% of the runs for note.t.test fail.",
        labels: { controller: "note.t.test" },
        quiet: {
          'controller_runtime_reconcile_total{controller="note.t.test",result="error"}': "0+1x40",
          'controller_runtime_reconcile_total{controller="note.t.test",result="success"}': "0+50x40",
        },
      },
    },
    {
      name: "KoreoSlowToReady",
      expr: "histogram_quantile(0.95, sum by (workflow, le) (rate(koreo_change_to_ready_seconds_bucket[30m]))) > 300",
      holds: "5m",
      severity: "warning",
      summary: "Triggers of {{ $labels.workflow }} take {{ $value | humanizeDuration }} from a change to Ready.",
      description:
        "One in twenty takes longer than that. The dashboard of the Workflow shows its steps and leads to traces.",
      samples: {
        fires: readyTimes({ fast: 0 }),
        says: "Triggers of ns/flow take 28m 45s from a change to Ready.",
        labels: { workflow: "ns/flow" },
        quiet: readyTimes({ fast: 10 }),
      },
    },
  ],
};

/** One that may run 50 keys at once. */
function worker(name: string, { running }: { readonly running: number }): Series {
  return {
    [`koreo_worker_running_keys{name="${name}",instance="a"}`]: `${running}x40`,
    [`koreo_worker_concurrency{name="${name}",instance="a"}`]: "50x40",
  };
}

/** Ten changes a minute, so many of them Ready within 30 seconds, the others within half an hour. */
function readyTimes({ fast }: { readonly fast: number }): Readonly<Record<string, string>> {
  const bucket = (le: string, count: number) => [
    `koreo_change_to_ready_seconds_bucket{workflow="ns/flow",le="${le}"}`,
    `0+${count}x40`,
  ];
  const buckets = [bucket("30", fast), bucket("300", fast), bucket("1800", 10), bucket("+Inf", 10)];
  return Object.fromEntries(buckets) as Record<string, string>;
}
