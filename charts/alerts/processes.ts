/** Whether somebody is there, and reaches what they need. */
import type { AlertGroup } from "./alert.ts";

/** Another installation on the same Prometheus, without any problem. */
const SHOP = {
  [ready("shop", "worker")]: "1x40",
  [ready("shop", "watcher")]: "1x40",
  [concurrency("shop", "worker")]: "50x40",
  [heartbeat("shop", "watcher")]: "1x40",
};

/** The counter when every stream is silent and cut after 150 seconds. */
const CUT_AGAIN_AND_AGAIN = Array.from({ length: 41 }, (_, minute) => Math.floor(minute / 2.5)).join(" ");

export const PROCESSES: AlertGroup = {
  name: "koreo-processes",
  alerts: [
    {
      name: "KoreoNoWorker",
      expr: installationsWithout("koreo_worker_concurrency"),
      holds: "5m",
      severity: "critical",
      summary: "No Koreo worker reports{{ with $labels.name }} for {{ . }}{{ end }}.",
      description: "Nothing is reconciled: changes, drift and deletions wait in the queue until a worker is back.",
      samples: {
        fires: { ...SHOP, [ready("bank", "w")]: "1x40", [concurrency("bank", "b")]: "50x10 stale" },
        says: "No Koreo worker reports for bank.",
        labels: { name: "bank" },
        also: [
          {
            fires: { ...SHOP, [ready("bank", "b")]: "1x10 stale", [concurrency("bank", "b")]: "50x10 stale" },
            says: "No Koreo worker reports for bank.",
            labels: { name: "bank" },
          },
          { fires: {}, says: "No Koreo worker reports.", labels: {} },
        ],
        quiet: { ...SHOP, [ready("bank", "b")]: "0x40", [concurrency("bank", "b")]: "50x22 stale 50x20" },
      },
    },
    {
      name: "KoreoNoWatcher",
      expr: installationsWithout("koreo_watcher_heartbeat_age_seconds"),
      holds: "5m",
      severity: "critical",
      summary: "No Koreo watcher reports{{ with $labels.name }} for {{ . }}{{ end }}.",
      description: "Nobody sees changes and drift. Keys that are in the queue are still worked on.",
      samples: {
        fires: { ...SHOP, [ready("bank", "b")]: "1x40", [heartbeat("bank", "w")]: "1x10 stale" },
        says: "No Koreo watcher reports for bank.",
        labels: { name: "bank" },
        also: [
          {
            fires: { ...SHOP, [ready("bank", "w")]: "1x10 stale", [heartbeat("bank", "w")]: "1x10 stale" },
            says: "No Koreo watcher reports for bank.",
            labels: { name: "bank" },
          },
          { fires: {}, says: "No Koreo watcher reports.", labels: {} },
        ],
        quiet: { ...SHOP, [ready("bank", "w")]: "0x40", [heartbeat("bank", "w")]: "1x22 stale 1x20" },
      },
    },
    {
      name: "KoreoNotReady",
      expr: "koreo_ready == 0",
      holds: "5m",
      severity: "critical",
      summary: "{{ $labels.instance }} of {{ $labels.name }} is not ready.",
      description:
        "This process does not do its work, or not all of it. /readyz says what it lacks: Redis, the definitions, or a watch.",
      samples: {
        fires: { [ready("shop", "a")]: "1x40", [ready("bank", "b")]: "0x40" },
        says: "b of bank is not ready.",
        labels: { name: "bank", instance: "b" },
        quiet: { [ready("shop", "a")]: "0x2 1x40", [ready("bank", "b")]: "1x26 0x3 1x10" },
      },
    },
    {
      name: "KoreoStateUnreachable",
      expr: "koreo_state_up == 0",
      holds: "2m",
      severity: "critical",
      summary: "{{ $labels.instance }} has no connection to Redis.",
      description:
        "This process does nothing until Redis answers. Nothing is lost: all that Redis holds can be found again.",
      samples: {
        fires: { 'koreo_state_up{instance="a"}': "1x10 0x30", 'koreo_state_up{instance="b"}': "1x40" },
        says: "a has no connection to Redis.",
        labels: { instance: "a" },
        quiet: { 'koreo_state_up{instance="a"}': "1x27 0x1 1x10" },
      },
    },
    {
      name: "KoreoStateSlow",
      expr: `histogram_quantile(0.99, sum by (le) (rate(koreo_state_request_duration_seconds_bucket{result="ok"}[5m]))) > 0.25`,
      holds: "10m",
      severity: "warning",
      summary: "Redis takes {{ $value | humanizeDuration }} to answer one in a hundred requests.",
      description:
        "Every step of every run asks Redis; leases may run out. Look at Redis' CPU, memory, disk and network.",
      samples: {
        fires: stateAnswers({ fast: 0, all: 60 }),
        says: "Redis takes 2.97s to answer one in a hundred requests.",
        labels: {},
        quiet: stateAnswers({ fast: 60, all: 60 }),
      },
    },
    {
      name: "KoreoWatchDown",
      expr: `sum by (kind) (koreo_watch_slots{state="down"}) > 0`,
      holds: "5m",
      severity: "critical",
      summary: "The watch on {{ $labels.kind }} is down.",
      description:
        "Changes and drift of this kind are not seen. /readyz of the watcher says why: often a missing right.",
      samples: {
        fires: { 'koreo_watch_slots{kind="Pod",state="down"}': "1x40" },
        says: "The watch on Pod is down.",
        labels: { kind: "Pod" },
        quiet: { 'koreo_watch_slots{kind="Pod",state="live"}': "1x40" },
      },
    },
    {
      name: "KoreoWatchSilent",
      // A broken connection silences all of its streams at once: their cuts fall into one window or two. If new streams are
      // silent too, every window has a cut.
      expr: "sum by (kind) (increase(koreo_watch_silent_streams_total[5m])) > 0 or max by (kind) (koreo_watch_last_heard_seconds) > 180",
      holds: "10m",
      severity: "warning",
      summary: "Nothing comes from the watch on {{ $labels.kind }}.",
      description:
        "Changes and drift of this kind are seen up to 5 minutes late. Bookmarks should come about once a minute; streams without a byte in 150 seconds are cut and opened anew, and these are silent too. Look at proxies on the way to the API server.",
      samples: {
        fires: { [silentStreams("Pod")]: CUT_AGAIN_AND_AGAIN, 'koreo_watch_last_heard_seconds{kind="Pod"}': "100x40" },
        says: "Nothing comes from the watch on Pod.",
        labels: { kind: "Pod" },
        also: [
          {
            fires: { [silentStreams("Pod")]: "0x40", 'koreo_watch_last_heard_seconds{kind="Pod"}': "0+60x40" },
            says: "Nothing comes from the watch on Pod.",
            labels: { kind: "Pod" },
          },
        ],
        // One connection broke, with the streams of 50 namespaces; it is well again.
        quiet: { [silentStreams("Pod")]: "0x23 30 50x15", 'koreo_watch_last_heard_seconds{kind="Pod"}': "60x40" },
      },
    },
    {
      name: "KoreoApiServerErrors",
      expr: `sum(rate(rest_client_requests_total{code=~"429|5..|<error>"}[5m])) / sum(rate(rest_client_requests_total[5m])) > 0.05`,
      holds: "10m",
      severity: "warning",
      summary: "{{ $value | humanizePercentage }} of the requests to the API server fail.",
      description:
        "Refused with 429 or 5xx, or without an answer. Runs end as retries and change nothing until it is well again.",
      samples: {
        fires: apiAnswers({ good: 90, bad: 10 }),
        says: "10% of the requests to the API server fail.",
        labels: {},
        quiet: apiAnswers({ good: 99, bad: 1 }),
      },
    },
  ],
};

/**
 * Installations of which a process reports, or did within the last hour, but none with this metric. No other installation
 * on the same Prometheus can hide them. If nothing has reported at all, the result is one series without a name.
 */
function installationsWithout(metric: string): string {
  return `group by (name) (max_over_time(koreo_ready[1h])) unless group by (name) (${metric}) or absent_over_time(koreo_ready[1h])`;
}

function concurrency(name: string, instance: string): string {
  return `koreo_worker_concurrency{name="${name}",instance="${instance}"}`;
}

function heartbeat(name: string, instance: string): string {
  return `koreo_watcher_heartbeat_age_seconds{name="${name}",instance="${instance}"}`;
}

function ready(name: string, instance: string): string {
  return `koreo_ready{name="${name}",instance="${instance}"}`;
}

function silentStreams(kind: string): string {
  return `koreo_watch_silent_streams_total{kind="${kind}",instance="w"}`;
}

/** Answers a minute: those within 5 milliseconds, and all within 3 seconds. */
function stateAnswers({
  fast,
  all,
}: {
  readonly fast: number;
  readonly all: number;
}): Readonly<Record<string, string>> {
  const bucket = (le: string, count: number) => [
    `koreo_state_request_duration_seconds_bucket{part="queue",result="ok",le="${le}"}`,
    `0+${count}x40`,
  ];
  return Object.fromEntries([bucket("0.005", fast), bucket("3", all), bucket("+Inf", all)]) as Record<string, string>;
}

function apiAnswers({ good, bad }: { readonly good: number; readonly bad: number }): Readonly<Record<string, string>> {
  return {
    'rest_client_requests_total{code="200",method="GET"}': `0+${good}x40`,
    'rest_client_requests_total{code="503",method="GET"}': `0+${bad}x40`,
  };
}
