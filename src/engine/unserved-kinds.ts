/**
 * Decides when a kind that is not served is gone for good, and its objects with it: when nothing declares it, or, where
 * nobody can tell, when the answer stays the same for minutes, whichever trigger asks.
 */
import type { GroupKind } from "../core/object-key.ts";
import { BoundedMap } from "./bounded-map.ts";
import { declarationOf, type Declared } from "./declared-kind.ts";
import type { Clock } from "./ports/clock.ts";
import type { ObjectStore } from "./ports/object-store.ts";

/** What "not served" means for the objects of a kind. */
export type Unserved =
  | { readonly kind: "gone" }
  /** They may be there; `why` is a sentence. */
  | { readonly kind: "unsure"; readonly why: string };

interface Known {
  readonly declared: Declared;
  readonly askedAtMs: number;
  /** Counted answers in a row. */
  readonly answers: number;
  readonly countedAtMs: number;
}

const MAX_KINDS = 1000;
/** How soon a kind is asked for again: many triggers may ask at once. */
const ASK_AGAIN_MS = 10_000;
const ANSWERS = 5;
const APART_MS = 60_000;
/** Answers further apart than this are not in a row. */
const ROW_MS = 3_600_000;

export class UnservedKinds {
  readonly #clock: Clock;
  readonly #known = new BoundedMap<string, Known>(MAX_KINDS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Judges a kind that the API server called unknown. */
  async judge(
    asked: { readonly store: ObjectStore; readonly signal: AbortSignal },
    kind: GroupKind,
  ): Promise<Unserved> {
    const before = this.#known.get(nameOf(kind));
    const isFresh = before !== undefined && this.#clock.nowMs() - before.askedAtMs < ASK_AGAIN_MS;
    const known = isFresh ? before : this.#counted(before, await declarationOf(asked, kind));
    if (!asked.signal.aborted) this.#known.set(nameOf(kind), known);
    const { declared } = known;
    if (declared.kind === "absent") return { kind: "gone" };
    if (declared.kind === "declared") return { kind: "unsure", why: `${declared.text}: ${CANNOT}` };
    if (known.answers >= ANSWERS) return { kind: "gone" };
    return {
      kind: "unsure",
      why: `${declared.text}; it counts as gone after ${ANSWERS} such answers a minute apart, until then ${CANNOT}`,
    };
  }

  /** Notes that the kind is served. */
  served(kind: GroupKind): void {
    this.#known.delete(nameOf(kind));
  }

  #counted(before: Known | undefined, declared: Declared): Known {
    const nowMs = this.#clock.nowMs();
    if (declared.kind !== "unknown") return { declared, askedAtMs: nowMs, answers: 0, countedAtMs: nowMs };
    const sinceMs = before === undefined || before.answers === 0 ? Infinity : nowMs - before.countedAtMs;
    if (before !== undefined && sinceMs < APART_MS) return { ...before, declared, askedAtMs: nowMs };
    const answers = before !== undefined && sinceMs <= ROW_MS ? before.answers + 1 : 1;
    return { declared, askedAtMs: nowMs, answers, countedAtMs: nowMs };
  }
}

const CANNOT = "its objects cannot be looked for";

function nameOf({ group, kind }: GroupKind): string {
  return `${group}/${kind}`;
}
