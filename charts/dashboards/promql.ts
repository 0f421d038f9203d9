/** Words that many queries share. */
import type { Query, Variable } from "./description.ts";

/** Of every process of the chosen jobs. */
export const JOB = 'job=~"$job"';
/** Of the queues of the chosen installations. */
export const NAME = 'name=~"$installation"';

/** By which Prometheus tells scraped processes apart. */
export const JOBS: Variable = {
  kind: "label",
  name: "job",
  label: "Job",
  metric: "koreo_definitions",
  of: "job",
  many: true,
};

/** By which Koreo tells installations on one Redis apart. */
export const INSTALLATIONS: Variable = {
  kind: "label",
  name: "installation",
  label: "Installation",
  metric: "workqueue_depth",
  of: "name",
  many: true,
};

/** How often a second a counter rises, summed by labels. */
export function rateOf(counter: string, by: readonly string[], matchers = JOB): string {
  return `sum by (${by.join(", ")}) (rate(${counter}{${matchers}}[$__rate_interval]))`;
}

/** How often a second a counter rises, in all. */
export function totalRate(counter: string, matchers = JOB): string {
  return `sum(rate(${counter}{${matchers}}[$__rate_interval]))`;
}

/** The median, and what 95 and 99 of 100 observations stay below. */
export function quantiles(
  histogram: string,
  { matchers = JOB, ...more }: Pick<Query, "exemplars" | "mayBeEmpty"> & { readonly matchers?: string } = {},
): readonly Query[] {
  return [0.5, 0.95, 0.99].map((share, index) => ({
    expr: `histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`,
    legend: `p${share * 100}`,
    ...more,
    // Once is enough: they are the same for every quantile.
    exemplars: more.exemplars === true && index === 0,
  }));
}

/** One quantile, by labels. */
export function quantileBy(histogram: string, share: number, by: readonly string[], matchers = JOB): string {
  const labels = ["le", ...by].join(", ");
  return `histogram_quantile(${share}, sum by (${labels}) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`;
}

/** The bucket of observations up to some seconds; Prometheus writes whole ones as `30` or, since version 3, as `30.0`. */
export function upTo(seconds: number): string {
  return `le=~"${seconds}(\\\\.0)?"`;
}
