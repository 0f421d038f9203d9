/** Asks a Prometheus, by its HTTP API; what it refuses is thrown in its own words. */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** Those that are numbers: a share of nothing is none. */
  readonly values: readonly number[];
}

export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

export interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

export class PrometheusApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Every second of the last `seconds`. @returns series that have a number at some moment */
  async overTime(expr: string, seconds: number): Promise<readonly Sample[]> {
    const now = Date.now() / 1000;
    const answer = await this.#ask("query_range", {
      query: expr,
      start: String(now - seconds),
      end: String(now),
      step: "1",
    });
    const { result } = answer as { result: { metric: Record<string, string>; values: [number, string][] }[] };
    return result.flatMap(({ metric, values }) => {
      const numbers = values.map(([, value]) => Number(value)).filter((value) => !Number.isNaN(value));
      return numbers.length === 0 ? [] : [{ labels: metric, values: numbers }];
    });
  }

  async labelValues(label: string, matcher?: string): Promise<readonly string[]> {
    const now = Date.now() / 1000;
    const match: Record<string, string> = matcher === undefined ? {} : { "match[]": matcher };
    return (await this.#ask(`label/${label}/values`, { ...match, end: String(now) })) as readonly string[];
  }

  /** The traces that observations of an expression's series carry. */
  async traceIds(expr: string, seconds: number): Promise<readonly string[]> {
    const now = Date.now() / 1000;
    const range = { query: expr, start: String(now - seconds), end: String(now) };
    const series = (await this.#ask("query_exemplars", range)) as readonly {
      exemplars: readonly { labels: Record<string, string> }[];
    }[];
    return series.flatMap(({ exemplars }) => exemplars.flatMap(({ labels }) => labels["trace_id"] ?? []));
  }

  async alerts(): Promise<readonly ActiveAlert[]> {
    return ((await this.#ask("alerts", {})) as { alerts: readonly ActiveAlert[] }).alerts;
  }

  async rules(): Promise<readonly EvaluatedRule[]> {
    const { groups } = (await this.#ask("rules", {})) as { groups: readonly { rules: readonly EvaluatedRule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  }

  async #ask(what: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const address = `${this.#url}/api/v1/${what}?${new URLSearchParams(parameters).toString()}`;
    const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
    const body = (await response.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: unknown;
    };
    if (body.status !== "success")
      throw new Error(`${what} ${JSON.stringify(parameters)}: ${body.error ?? "no error"}`);
    return body.data;
  }
}
