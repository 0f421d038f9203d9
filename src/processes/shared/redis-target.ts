/** From the settings to the target Redis, including the files that the settings name. */
import { readFileSync } from "node:fs";
import type { RedisTarget } from "../../adapters/redis/target.ts";
import type { ClusterConfig } from "./config.ts";
import { ConfigError, flagText, type ConfigFlag } from "./settings.ts";

/**
 * @returns undefined when no Redis is given
 * @throws ConfigError naming a file that is unreadable or empty
 */
export function redisTarget({ redisUrl, redisAccess }: ClusterConfig): RedisTarget | undefined {
  if (redisUrl === undefined) return undefined;
  const { user, password, passwordFile, caFile, certFile, keyFile, serverName } = redisAccess;
  return {
    url: redisUrl,
    username: user,
    // Editors end files with a line break, which does not belong to the password.
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
