/** The log of simulated processes: an error is a bug, all else is nobody's business. */
import type { Logger } from "../../src/engine/ports/logger.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

export function logTo(world: World, process: Process): Logger {
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => {
      if (!process.lane.hasDied()) world.noteBug(fields["error"] ?? message);
    },
    with: () => log,
  };
  return log;
}
