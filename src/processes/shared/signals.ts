/** Turns SIGTERM and SIGINT into one AbortSignal: the first asks for a drain, a second ends the process at once. */

/** @returns a signal aborted on the first SIGTERM or SIGINT */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort("asked to stop");
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return controller.signal;
}
