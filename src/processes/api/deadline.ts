/** Ends the wait for work that accepts no signal, such as a command to Redis. */
import { Problem } from "./problem.ts";

/** @throws Problem 504 when the signal is aborted first; the result of the work is then dropped */
export function within<T>(signal: AbortSignal, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Problem(504, `${what}: no answer in time`));
    if (signal.aborted) late();
    signal.addEventListener("abort", late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", late));
  });
}

/** Works on all items, at most `width` at once, and returns results in order. */
export async function each<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
