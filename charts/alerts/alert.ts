/** One alert: when it fires, what it says, and samples that show both that it fires and that it does not. */

export interface Alert {
  /** Also its heading in docs/runbook.md. */
  readonly name: string;
  /** PromQL. */
  readonly expr: string;
  /** How long the expression has to hold, such as `5m`. */
  readonly holds: string;
  /** `critical`: somebody has to act now; `warning`: today; `info`: worth a look. */
  readonly severity: "critical" | "warning" | "info";
  /** One line. `{{ $labels.x }}` and `{{ $value | humanize }}` are filled in by Prometheus. */
  readonly summary: string;
  /** What it means for users, and where to look first. */
  readonly description: string;
  /** For `promtool test rules`. */
  readonly samples: Samples;
}

/** Each `name{labels}` with its values a minute apart as promtool writes them: `0+1x30` is 0, 1, ... 30. */
export type Series = Readonly<Record<string, string>>;

/** Samples on which an alert fires, and the alert that results. */
export interface Firing {
  /** After half an hour of these it fires. */
  readonly fires: Series;
  /** Its summary then. */
  readonly says: string;
  /** The labels of the alert that fires then, but for its name and severity. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Samples extends Firing {
  /** Further cases in which it fires. */
  readonly also?: readonly Firing[];
  /** After half an hour of these it does not. */
  readonly quiet: Series;
}

export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}
