/** Every dashboard, and what they ask, for tests that ask the same of real servers. */
import { API_CLIENT } from "./api-client.ts";
import type { Dashboard, Panel, Query } from "./description.ts";
import { KEY } from "./key.ts";
import { OVERVIEW } from "./overview.ts";
import { QUEUE } from "./queue.ts";
import { STATE_STORE } from "./state-store.ts";
import { WATCHERS } from "./watchers.ts";
import { WORKFLOW } from "./workflow.ts";

export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, WORKFLOW, KEY, QUEUE, WATCHERS, STATE_STORE, API_CLIENT];

/** A question and where it is asked, for messages. */
export interface Placed<Q> {
  readonly dashboard: Dashboard;
  readonly panel: Panel;
  readonly query: Q;
}

export function metricQueries(): readonly Placed<Query>[] {
  return panels().flatMap(({ dashboard, panel }) =>
    panel.kind === "traces" ? [] : panel.queries.map((query) => ({ dashboard, panel, query })),
  );
}

/** TraceQL; each is one of `TRACE_QUERIES`. */
export function traceQueries(): readonly Placed<string>[] {
  return panels().flatMap(({ dashboard, panel }) =>
    panel.kind === "traces" ? [{ dashboard, panel, query: panel.query }] : [],
  );
}

/** Puts values in place of a query's variables, as Grafana does. @throws Error for a variable without a value */
export function withVariables(query: string, values: Readonly<Record<string, string>>): string {
  return query.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for $${name} in ${query}`);
    return value;
  });
}

function panels(): readonly { readonly dashboard: Dashboard; readonly panel: Panel }[] {
  return DASHBOARDS.flatMap((dashboard) =>
    dashboard.sections.flatMap((section) => section.panels.map((panel) => ({ dashboard, panel }))),
  );
}
