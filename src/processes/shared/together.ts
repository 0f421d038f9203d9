/** Runs the endless parts of a process side by side. */

/**
 * Runs the parts until the signal is aborted. When one fails the others end too: a process that lost a part must end,
 * because anybody who only checks its port believes that it is alive.
 *
 * @throws the error of the first part in the list that failed, once all have ended
 */
export async function together(
  parts: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const ends = await Promise.allSettled(parts.map((part) => part(until).finally(() => over.abort())));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
