/** Rights that roles give against those that were asked for, as lines of text: `patch apps/deployments`. */
import type { JsonObject } from "../../src/core/json.ts";
import type { AuditEntry } from "../control-plane/start.ts";

/** What the API server was asked by one account. Self reviews and discovery are everyone's. */
export function usedRights(entries: readonly AuditEntry[], user: string): ReadonlySet<string> {
  const own = entries.filter((entry) => entry.user.username === user && entry.objectRef?.resource !== undefined);
  const rights = own.map(rightOf).filter((right) => !right.includes("selfsubjectaccessreviews"));
  // A watch stands in the log when it ends; all that we list we watch, and workers watch definitions alone.
  return new Set([...rights, ...rights.map((right) => right.replace(/^list /, "watch "))]);
}

function rightOf({ verb, objectRef, requestURI }: AuditEntry): string {
  const group = /^\/apis\/([^/]+)\//.exec(requestURI)?.[1] ?? "";
  const { resource = "", subresource } = objectRef ?? {};
  return `${verb} ${group}/${resource}${subresource === undefined ? "" : `/${subresource}`}`;
}

/** What roles give, each right once. */
export function givenRights(roles: readonly JsonObject[]): ReadonlySet<string> {
  const rules = roles.flatMap((role) => role["rules"] as readonly JsonObject[]);
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      (apiGroups as readonly string[]).flatMap((group) =>
        (resources as readonly string[]).flatMap((resource) =>
          (verbs as readonly string[]).map((verb) => `${verb} ${group}/${resource}`),
        ),
      ),
    ),
  );
}
