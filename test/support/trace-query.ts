/**
 * TraceQL on a Jaeger: Grafana's own grammar reads the query, what Jaeger can search for it searches, and every condition is
 * judged on the spans it returns. One set of spans in braces, comparisons joined by `&&`; anything else is refused.
 */
import { parser } from "@grafana/lezer-traceql";

/** A span as the store returns it. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly service: string;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Value = string | number | boolean | undefined;

interface Condition {
  /** `name`, `duration`, `status`, `kind`, or an attribute with its scope, such as `span.koreo.key`. */
  readonly field: string;
  readonly operator: "=" | "!=" | ">" | ">=" | "<" | "<=";
  /** Undefined: nil. Durations in milliseconds. */
  readonly value: Value;
}

interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly {
    readonly spanID: string;
    readonly operationName: string;
    /** Microseconds. */
    readonly duration: number;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
    readonly processID: string;
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

const LIMIT = 500;
const ANSWER_WITHIN_MS = 20_000;
const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Spans of one trace; none while the store does not know it. */
export async function storedTrace(url: string, traceId: string): Promise<readonly StoredSpan[]> {
  return spansOf(await ask(`${url}/api/traces/${traceId}`));
}

/**
 * Spans that meet a query.
 *
 * @param url - of the store's search API
 * @param query - TraceQL without variables
 * @throws Error for what is no TraceQL, or more of it than can be translated
 */
export async function searchTraces(url: string, query: string): Promise<readonly StoredSpan[]> {
  const conditions = conditionsOf(query);
  const named = conditions.find(({ field, operator }) => field === "resource.service.name" && operator === "=");
  const services = named === undefined ? await servicesOf(url) : [String(named.value)];
  const found = await Promise.all(
    services.map(async (service) => spansOf(await ask(`${url}/api/traces?${searchOf(conditions, service)}`))),
  );
  return found.flat().filter((span) => conditions.every((condition) => holds(condition, span)));
}

/** What a query asks of a span. */
export function conditionsOf(query: string): readonly Condition[] {
  const conditions: Condition[] = [];
  const refuse = (what: string) => new Error(`${query}: ${what}`);
  parser.parse(query).iterate({
    enter: (node) => {
      const text = query.slice(node.from, node.to);
      if (node.type.isError) throw refuse(`no TraceQL at "${query.slice(node.from)}"`);
      if (node.name === "Or" || node.name === "Pipe") throw refuse(`"${text}" is more than a test can ask`);
      if (node.name !== "FieldOp") return;
      const [left, right] = [node.node.prevSibling, node.node.nextSibling];
      if (left === null || right === null) throw refuse("a comparison without two sides");
      const operator = ["=", "!=", ">", ">=", "<", "<="].find((each) => each === text) as
        Condition["operator"] | undefined;
      if (operator === undefined) throw refuse(`"${text}" is more than a test can ask`);
      conditions.push({
        field: query.slice(left.from, left.to),
        operator,
        value: valueOf(query.slice(right.from, right.to)),
      });
    },
  });
  if (conditions.length === 0) throw refuse("nothing is asked");
  return conditions;
}

function valueOf(text: string): Value {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text === "nil") return undefined;
  if (text === "true" || text === "false") return text === "true";
  const duration = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (duration !== null) return Number(duration[1]) * (UNITS_MS[duration[2] ?? ""] ?? 1);
  return Number.isFinite(Number(text)) ? Number(text) : text; // a word: error, client
}

/** What Jaeger itself can look for. */
function searchOf(conditions: readonly Condition[], service: string): string {
  const now = Date.now();
  const search: Record<string, string> = {
    service,
    limit: String(LIMIT),
    start: String((now - DAY_MS) * 1000),
    end: String((now + DAY_MS) * 1000),
  };
  const tags: Record<string, string> = {};
  for (const { field, operator, value } of conditions) {
    if (field === "name" && operator === "=") search["operation"] = String(value);
    if (field === "duration" && operator.startsWith(">")) search["minDuration"] = `${String(value)}ms`;
    if (field.startsWith("span.") && operator === "=") tags[field.slice("span.".length)] = String(value);
  }
  return new URLSearchParams({ ...search, tags: JSON.stringify(tags) }).toString();
}

function holds({ field, operator, value }: Condition, span: StoredSpan): boolean {
  const actual = fieldOf(field, span);
  switch (operator) {
    case "=":
      return actual === value;
    case "!=":
      return actual !== undefined && actual !== value; // an absent attribute is neither, as in TraceQL
    case ">":
      return Number(actual) > Number(value);
    case ">=":
      return Number(actual) >= Number(value);
    case "<":
      return Number(actual) < Number(value);
    case "<=":
      return Number(actual) <= Number(value);
  }
}

function fieldOf(field: string, { name, durationMs, service, attributes }: StoredSpan): unknown {
  if (field === "name") return name;
  if (field === "duration") return durationMs;
  if (field === "status") return attributes["error"] === true ? "error" : "unset";
  if (field === "kind") return attributes["span.kind"];
  if (field === "resource.service.name") return service;
  if (field.startsWith("span.")) return attributes[field.slice("span.".length)];
  throw new Error(`${field}: more than a test can ask`);
}

async function servicesOf(url: string): Promise<readonly string[]> {
  return (await ask<string>(`${url}/api/services`)).toSorted();
}

async function ask<T = JaegerTrace>(url: string): Promise<readonly T[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const body = (await response.json()) as { readonly data: readonly T[] | null };
  if (!response.ok && response.status !== 404) throw new Error(`${url}: ${JSON.stringify(body)}`);
  return body.data ?? [];
}

function spansOf(traces: readonly JaegerTrace[]): readonly StoredSpan[] {
  return traces.flatMap(({ traceID, spans, processes }) =>
    spans.map(({ spanID, operationName, duration, references, tags, processID }) => ({
      traceId: traceID,
      spanId: spanID,
      parentSpanId: references.find(({ refType }) => refType === "CHILD_OF")?.spanID ?? "",
      name: operationName,
      service: processes[processID]?.serviceName ?? "",
      durationMs: duration / 1000,
      attributes: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    })),
  );
}
