/**
 * A Lua script of `scripts/`, read once and run by its hash. Redis forgets scripts when it restarts; the text is then
 * sent again. The number at the end of a file's name is its number of KEYS.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { orUnavailable } from "./connection.ts";

/** A script ready to be run. */
export interface Script {
  /**
   * Runs it, all or nothing as far as other clients can see.
   *
   * @returns Redis' reply, to be parsed by the caller
   * @throws StoreUnavailable for a fault of the connection; whether the script ran is then unknown
   */
  run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
}

/**
 * Reads `scripts/<name>.lua`, preceded by the files it builds on.
 *
 * @param name - with its number of keys, such as `trigger-11`
 * @param libraries - names of files in `scripts/lib/`, in order
 */
export function loadScript(name: string, libraries: readonly string[] = []): Script {
  const files = [...libraries.map((library) => `lib/${library}`), name];
  const lua = files.map((file) => readFileSync(new URL(`scripts/${file}.lua`, import.meta.url), "utf8")).join("\n");
  const sha = createHash("sha1").update(lua).digest("hex");
  return { run: (redis, keys, args) => orUnavailable(evaluate(redis, lua, sha, keys, args)) };
}

async function evaluate(
  redis: Redis,
  lua: string,
  sha: string,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return redis.eval(lua, keys.length, ...keys, ...args);
  }
}
