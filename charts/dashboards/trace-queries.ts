/**
 * Questions to a trace store, in TraceQL, that dashboards show and people start from. `$key` is a key as `koreo queue` prints it,
 * `$workflow` a Workflow as `namespace/name`. A test runs each of them against a real trace store (test/e2e/trace-store.test.ts).
 */
export const TRACE_QUERIES: readonly { readonly name: string; readonly query: string }[] = [
  { name: "Everything about one key", query: `{ span.koreo.key = "$key" }` },
  { name: "Runs of one key", query: `{ name = "koreo.run" && span.koreo.key = "$key" }` },
  {
    name: "Runs of one key that did not come to ok",
    query: `{ name = "koreo.run" && span.koreo.key = "$key" && span.koreo.outcome != "ok" }`,
  },
  { name: "Runs of one Workflow", query: `{ name = "koreo.run" && span.koreo.workflow = "$workflow" }` },
  {
    name: "Runs of one Workflow that changed something",
    query: `{ name = "koreo.run" && span.koreo.workflow = "$workflow" && span.koreo.changed = true }`,
  },
  {
    name: "Runs of one Workflow that did not come to ok",
    query: `{ name = "koreo.run" && span.koreo.workflow = "$workflow" && span.koreo.outcome != "ok" }`,
  },
  {
    name: "Runs that a change of a managed object caused",
    query: `{ name = "koreo.run" && span.koreo.cause = "managed-modified" }`,
  },
  { name: "Waits for a retry of a second and more", query: `{ name = "koreo.retry.wait" && duration >= 1s }` },
  {
    name: "Keys that waited in the queue for a second and more",
    query: `{ name = "koreo.queue.wait" && duration >= 1s }`,
  },
  {
    name: "Requests that the API server refused",
    query: `{ kind = client && status = error && span.koreo.verb != nil }`,
  },
  { name: "Objects written", query: `{ name = "koreo.write" && span.koreo.action != nil }` },
  { name: "Steps that did not come to ok", query: `{ name = "koreo.step" && span.koreo.outcome != "ok" }` },
  { name: "Changes as watchers saw them", query: `{ name = "koreo.watch.event" && span.koreo.key = "$key" }` },
];

/** @throws Error for a name that is not among them */
export function traceQuery(name: string): string {
  const found = TRACE_QUERIES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no trace query "${name}"`);
  return found.query;
}
