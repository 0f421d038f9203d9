/** What the benchmark of tracing and the process it measures say to each other. */

/** How many traces are kept: none, with no SDK at all; a tenth, chosen by the trace's id; all. */
export const MODES = ["off", "records", "10 %", "100 %"] as const;
export type Mode = (typeof MODES)[number];

export type Command = { readonly kind: "begin"; readonly mode: Mode } | { readonly kind: "end" };

/** `cpuMs`: of the whole process since the last `begin`, exporting included. */
export type Reply = { readonly kind: "ready" | "begun" } | { readonly kind: "ended"; readonly cpuMs: number };
