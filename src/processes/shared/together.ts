/** For what a process does for ever, several things at once. */

/**
 * Runs them until the signal is aborted. When one fails the others are ended too: a process without a part of itself
 * must end, for whoever only looks at its port takes it for alive.
 *
 * @throws what the first of them threw, once all have ended
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
