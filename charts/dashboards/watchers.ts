/** What is watched, by whom, and whether it is heard. */
import type { Dashboard } from "./description.ts";
import { INSTALLATIONS, JOB, JOBS, NAME, rateOf } from "./promql.ts";

export const WATCHERS: Dashboard = {
  uid: "koreo-watchers",
  title: "Koreo / Watchers",
  description:
    "What is watched, by whom, and whether it is heard. A slot is a kind as one watcher serves it; it holds one stream, or one for each namespace.",
  variables: [JOBS, INSTALLATIONS],
  sections: [
    {
      title: "Streams",
      panels: [
        {
          kind: "number",
          title: "Slots that work",
          description: "Slots whose streams all work.",
          unit: "short",
          width: 6,
          queries: [{ expr: `sum(koreo_watch_slots{${JOB}, state="live"})`, legend: "live" }],
        },
        {
          kind: "number",
          title: "Slots that do not",
          description: "Slots of which a stream is down. /readyz of the watcher says why.",
          unit: "short",
          width: 6,
          queries: [
            {
              expr: `sum(koreo_watch_slots{${JOB}, state="down"})`,
              legend: "down",
              mayBeEmpty: "All streams work: a state is shown while a slot is in it.",
            },
          ],
        },
        {
          kind: "lines",
          title: "Silence",
          description:
            "How long the most silent stream of a kind has not been heard; bookmarks come about once a minute.",
          unit: "s",
          width: 12,
          queries: [{ expr: `max by (kind) (koreo_watch_last_heard_seconds{${JOB}})`, legend: "{{kind}}" }],
        },
        {
          kind: "lines",
          title: "Silent streams",
          description:
            "Streams a second that were cut because nothing came for 150 seconds. A few at once: a connection broke. Again and again: nothing gets through, and changes are seen late.",
          unit: "ops",
          width: 12,
          queries: [{ expr: rateOf("koreo_watch_silent_streams_total", ["kind"]), legend: "{{kind}}" }],
        },
        {
          kind: "lines",
          title: "Streams by kind",
          description: "Held to the API server.",
          unit: "short",
          width: 12,
          queries: [{ expr: `sum by (kind) (koreo_watch_streams{${JOB}})`, legend: "{{kind}}" }],
        },
        {
          kind: "areas",
          title: "Wake-ups",
          description: "Sent to the queue a second, by process.",
          unit: "ops",
          width: 12,
          queries: [{ expr: rateOf("workqueue_adds_total", ["instance"], `${JOB}, ${NAME}`), legend: "{{instance}}" }],
        },
      ],
    },
    {
      title: "Who serves what",
      panels: [
        {
          kind: "lines",
          title: "Slots by watcher",
          description: "Watchers share them evenly, each at most a quarter more than the average.",
          unit: "short",
          queries: [{ expr: `sum by (instance) (koreo_watch_slot_owned{${JOB}})`, legend: "{{instance}}" }],
        },
        {
          kind: "table",
          title: "Owners",
          description: "The slots of each watcher.",
          unit: "short",
          queries: [{ expr: `max by (slot, instance) (koreo_watch_slot_owned{${JOB}})`, legend: "{{slot}}" }],
        },
        {
          kind: "lines",
          title: "Heartbeats",
          description: "How long ago the shared state last answered; after 8 seconds others take the slots over.",
          unit: "s",
          queries: [{ expr: `koreo_watcher_heartbeat_age_seconds{${JOB}, ${NAME}}`, legend: "{{instance}}" }],
        },
      ],
    },
  ],
};
