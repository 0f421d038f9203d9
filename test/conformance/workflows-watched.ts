/** Which kinds of triggers a watcher watches, from what it logs: a case may count on nobody watching its kind yet. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isJsonObject, parseJson, textMember, type JsonObject } from "../../src/core/json.ts";

const POLL_MS = 100;
/** The watcher looks for kinds that nobody needs any more every second. */
const GIVE_UP_AFTER_MS = 20_000;

/** Resolves once no trigger of these kinds is watched. */
export async function untilUnwatched(logFile: string, kinds: ReadonlySet<string>): Promise<void> {
  const endMs = performance.now() + GIVE_UP_AFTER_MS;
  while ([...(await watchedKinds(logFile))].some((kind) => kinds.has(kind))) {
    if (performance.now() > endMs) throw new Error(`still watched: ${[...kinds].join(", ")}`);
    await sleep(POLL_MS);
  }
}

async function watchedKinds(logFile: string): Promise<ReadonlySet<string>> {
  const slots = new Map<string, boolean>();
  for (const line of (await readFile(logFile, "utf8")).split("\n")) {
    const entry = entryOf(line);
    const message = textMember(entry, "msg");
    if (message === "watching") slots.set(textMember(entry, "slot"), entry?.["trigger"] === true);
    if (message === "no longer watching") slots.delete(textMember(entry, "slot"));
  }
  const watched = [...slots].filter(([, isTrigger]) => isTrigger).map(([slot]) => slot);
  return new Set(watched.map((slot) => slot.split("/")[2]?.split("#")[0] ?? ""));
}

function entryOf(line: string): JsonObject | undefined {
  if (!line.startsWith("{") || !line.endsWith("}")) return undefined; // no entry, or half of one
  const entry = parseJson(line);
  return isJsonObject(entry) ? entry : undefined;
}
