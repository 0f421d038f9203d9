/** Requests that are made to go wrong, for tests of definitions and of the engine, and what their sender hears. */
import type { ClusterFault } from "../../engine/ports/object-store.ts";

/** `conflict`: 409 · `throttled`: 429 · `unavailable`: 500, nothing was done · `lost-answer`: done, but the answer never came. */
export type InjectedFault = "conflict" | "throttled" | "unavailable" | "lost-answer";

export function injectedFault(fault: InjectedFault): ClusterFault {
  switch (fault) {
    case "conflict":
      return { kind: "conflict", detail: "the object has been modified (injected fault)" };
    case "throttled":
      return { kind: "throttled", afterSeconds: 1, detail: "too many requests (injected fault)" };
    case "unavailable":
      return { kind: "unavailable", detail: "internal error (injected fault)" };
    case "lost-answer":
      return { kind: "unavailable", detail: "no answer in time (injected fault)" };
  }
}
