/** What a simulation plays: definitions and objects, what users do, and what must come of it. Data alone. */

/** One thing a user does. YAML documents; names are `Kind/name`. */
export type Act =
  /** Creates objects, or merges them over what is there. */
  | { readonly apply: string }
  /** Deletes one object, which may wait for its finalizers. */
  | { readonly remove: string };

export interface Step {
  readonly title: string;
  readonly acts: readonly Act[];
  /** What comes of it depends on what was there before: it never comes early. */
  readonly inOrder?: true;
  /** It comes early only while this object is there, as `Kind/name`: before, it would mean something else. */
  readonly notBefore?: string;
}

export interface Scenario {
  /** One word or several with hyphens. */
  readonly name: string;
  readonly workers?: 1 | 2;
  readonly watchers?: 1 | 2;
  /** What is there before any process starts. */
  readonly given: string;
  /** Each comes once all has settled after the one before; one planned fault lets it come at any moment before. */
  readonly steps: readonly Step[];
  /** Pairs: while the first exists, the second is not deleted by us. */
  readonly goesBefore?: readonly (readonly [string, string])[];
  /** Objects that no run may write, as `Kind/name`. */
  readonly untouched?: readonly string[];
  /** Of the run without faults: what exists in the end, as `Kind/name`, and what must not, with a `!` before it. */
  readonly ends: readonly string[];
  /** What the Ready conditions of triggers say in the end: name -> reason. */
  readonly ready: Readonly<Record<string, string>>;
}
