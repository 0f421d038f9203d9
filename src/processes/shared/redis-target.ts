/** From the settings to the Redis that is meant, with the files they name. */
import { readFileSync } from "node:fs";
import type { RedisTarget } from "../../adapters/redis/target.ts";
import type { ClusterConfig } from "./config.ts";
import { ConfigError, flagText, type ConfigFlag } from "./settings.ts";

/**
 * @returns undefined when no Redis is given
 * @throws ConfigError naming the file that cannot be read, or holds nothing
 */
export function redisTarget({ redisUrl, redisAccess }: ClusterConfig): RedisTarget | undefined {
  if (redisUrl === undefined) return undefined;
  const { user, password, passwordFile, caFile, certFile, keyFile, serverName } = redisAccess;
  return {
    url: redisUrl,
    username: user,
    // Editors end files with a line break, which is no part of the password.
    password: password ?? contents("redisPasswordFile", passwordFile)?.replace(/\r?\n$/, ""),
    tls: {
      ca: contents("redisCa", caFile),
      cert: contents("redisCert", certFile),
      key: contents("redisKey", keyFile),
      serverName,
    },
  };
}

function contents(flag: ConfigFlag, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ConfigError(`${flagText(flag)}: ${file} cannot be read (${why})`);
  }
  if (text.trim() === "") throw new ConfigError(`${flagText(flag)}: ${file} is empty`);
  return text;
}
