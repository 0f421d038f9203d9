/** Load on a server: so many things to do, so many of them at a time. */

/**
 * @param count - how often
 * @param concurrency - how many at a time
 * @param act - given 0 to `count - 1`
 */
export async function inParallel(
  count: number,
  concurrency: number,
  act: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let index = next++; index < count; index = next++) await act(index);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}
