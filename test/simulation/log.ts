/** The log of simulated processes: an error is a bug, all else is nobody's business. */
import type { Logger } from "../../src/engine/ports/logger.ts";
import type { World } from "./world.ts";

export function logTo(world: World): Logger {
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => world.noteBug(fields["error"] ?? message),
    with: () => log,
  };
  return log;
}
