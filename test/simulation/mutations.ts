/** Ways to break the engine on purpose: a harness that does not notice them would notice nothing. */
import { type JsonObject, member } from "../../src/core/json.ts";
import type { KeyText } from "../../src/core/object-key.ts";

export interface Mutation {
  /** What is sent instead of a patch. */
  strip(body: JsonObject): JsonObject;
  /** Whether the queue takes this wish; one it drops it says to have. */
  keepsWish(key: KeyText): boolean;
}

export const noMutation: Mutation = { strip: (body) => body, keepsWish: () => true };

/** Patches lose their preconditions. */
export const withoutPreconditions: Mutation = {
  ...noMutation,
  strip: (body) => {
    const { resourceVersion: _precondition, ...metadata } = (member(body, "metadata") ?? {}) as JsonObject;
    return { ...body, metadata };
  },
};
