import type { Logger } from "../../src/engine/ports/logger.ts";

/** A log nobody reads. */
export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};
