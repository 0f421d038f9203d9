/** Options of commands, made from one list of settings, so that help, environment and parsing always agree. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { flagText, SETTINGS, type ConfigFlag } from "../processes/shared/settings.ts";

/** The flags of commands that only talk to the API server. */
export const CLUSTER_FLAGS: readonly ConfigFlag[] = ["kubeconfig", "context"];

/** The flags of commands that look at Redis. */
export const REDIS_FLAGS: readonly ConfigFlag[] = [
  "redis",
  "redisUser",
  "redisPasswordFile",
  "redisCa",
  "redisCert",
  "redisKey",
  "redisServerName",
  "name",
];

/** Adds settings as options; sets no defaults here, because the environment comes after flags. */
export function addSettings(command: Command, flags: readonly ConfigFlag[]): Command {
  for (const flag of flags) {
    const { value, description, env, ...rest } = SETTINGS[flag];
    const notes = [
      ...("byDefault" in rest ? [`default: ${rest.byDefault}`] : []),
      `env: ${env.map((variable) => `$${variable}`).join(", ")}`,
    ];
    command.addOption(new Option(`${flagText(flag)} <${value}>`, `${description} (${notes.join("; ")})`));
  }
  return command;
}

export type OutputFormat = "table" | "json" | "yaml";

export function addOutput(command: Command): Command {
  return command.addOption(
    new Option("-o, --output <format>", "how to print").choices(["table", "json", "yaml"]).default("table"),
  );
}

/** An option's value from 1 to 999999. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("it must be a whole number from 1 to 999999");
  return Number(text);
}

/** An option in seconds, such as `60` or `60s`; its value is in milliseconds. */
export function seconds(text: string): number {
  if (!/^[1-9]\d{0,5}s?$/.test(text)) throw new InvalidArgumentError("write seconds, such as 60");
  return Number.parseInt(text, 10) * 1000;
}
