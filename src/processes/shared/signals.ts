/** Turns SIGTERM and SIGINT into one AbortSignal: the first asks for a drain, a later one exits at once. */

/** A terminal and the wrappers in between (npm) each pass on a Ctrl-C: signals this close together are the same one. */
const SAME_MS = 1000;

/** @returns a signal aborted on the first SIGTERM or SIGINT */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  const stop = () => {
    if (!controller.signal.aborted) {
      firstMs = performance.now();
      controller.abort("asked to stop");
    } else if (performance.now() - firstMs > SAME_MS) process.exit(130);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return controller.signal;
}
