/**
 * What a dashboard says, apart from how Grafana draws it: one typed description, from which Grafana's JSON is made, and
 * which tests read to ask every query of real servers.
 */

export interface Dashboard {
  /** Also the name of its file, and of its address in Grafana. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly sections: readonly Section[];
}

/** What people choose at the top of a dashboard; queries name it as `$name`. */
export type Variable =
  | {
      /** Values of a label. */
      readonly kind: "label";
      readonly name: string;
      readonly label: string;
      /** Whose label, with matchers where needed. */
      readonly metric: string;
      readonly of: string;
      /** Several or all of them at once: queries match them by `=~`. */
      readonly many: boolean;
    }
  | { readonly kind: "text"; readonly name: string; readonly label: string; readonly initial: string };

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export type Panel = MetricPanel | TracePanel;

/** Units as Grafana names them: `short` is a plain number, `percentunit` a share from 0 to 1, `ops` a number a second. */
export type Unit = "short" | "percentunit" | "s" | "ops" | "bytes";

export interface MetricPanel {
  /** Lines over time; the newest value as a number; the newest values as a table or as bars. */
  readonly kind: "lines" | "areas" | "number" | "table" | "bars";
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Of the 24 columns of a dashboard; default 8. */
  readonly width?: number;
}

/** PromQL. */
export interface Query {
  readonly expr: string;
  /** Name of its series; `{{label}}` is a label's value. */
  readonly legend: string;
  /** Draws the traces of single observations beside the lines. */
  readonly exemplars?: boolean;
  /** Why there may be no data even while Koreo works as it should. */
  readonly mayBeEmpty?: string;
}

export interface TracePanel {
  readonly kind: "traces";
  readonly title: string;
  readonly description: string;
  /** TraceQL. */
  readonly query: string;
  readonly width?: number;
}
