/** Structured log: a constant message plus fields. No secret values, no variable dumps. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Logger;
}

/** Well-known names: key, slot, run, step, outcome, error (an Error or its text). */
export type LogFields = Readonly<Record<string, unknown>>;
