/** Tells people what was deleted, what was left, and what should be gone but is not: why, and since when. */
import { objectText, type GroupVersionKind } from "../core/object-key.ts";
import { bounded, conditionMessage, timestampText, type ConditionDraft } from "../core/status/condition.ts";
import { regarding } from "./announce.ts";
import type { Removed } from "./removal.ts";
import type { RunContext } from "./run-context.ts";

/** At most this many objects are named; the rest is counted. */
const MAX_LINES = 20;

/**
 * @param type - `Pruned` while a trigger lives, `Deleted` once it is being deleted
 * @returns undefined when nothing waits
 */
export function waitingCondition(
  type: "Pruned" | "Deleted",
  { trigger, ports }: RunContext,
  waiting: Removed["waiting"],
  unlisted: readonly { readonly kind: GroupVersionKind; readonly why: string }[],
): ConditionDraft | undefined {
  if (waiting.length + unlisted.length === 0) return undefined;
  const before = conditionMessage(trigger.object, type).split("\n");
  const now = timestampText(ports.clock.wallMs());
  const lines = [
    ...waiting.map(({ entry, why }) => `${objectText(entry)}: ${why}`),
    ...unlisted.map(({ kind, why }) => `${kind.kind} objects: ${why}`),
  ];
  const dated = lines.slice(0, MAX_LINES).map((line) => {
    if (line.includes(" since ")) return line;
    return before.find((old) => old.startsWith(`${line} (since `)) ?? `${line} (since ${now})`;
  });
  const more = lines.length > MAX_LINES ? [`and ${lines.length - MAX_LINES} more`] : [];
  const message = bounded([...dated, ...more].join("\n"));
  return { type, status: "False", reason: "Waiting", message, location: "delete" };
}

const WORDS = {
  prune: {
    reason: "Pruned",
    deleted: "Deleted what no step names any more",
    left: "Left though no step names it any more",
  },
  finalize: { reason: "Deleted", deleted: "Deleted with its trigger", left: "Left behind" },
} as const;

/** Emits Events on the trigger: what was deleted, and what was left with the reason. */
export function tellRemoved({ ports, trigger }: RunContext, purpose: keyof typeof WORDS, removed: Removed): void {
  const words = WORDS[purpose];
  const emit = (reason: string, what: string, names: readonly string[]) => {
    const message = `${what}: ${listed(names)}.`;
    if (names.length > 0) ports.events.emit({ regarding: regarding(trigger.object), type: "Normal", reason, message });
  };
  emit(words.reason, words.deleted, removed.deleted);
  emit(
    "Left",
    words.left,
    removed.left.map(({ entry, reason }) => `${objectText(entry)} (${reason})`),
  );
}

/** A list of names, cut to a readable length. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LINES);
  return bounded(`${shown.join(", ")}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ""}`);
}
