/**
 * Turns the API server's refusals into the `ClusterFault` union: by HTTP status and the machine-readable fields of the
 * Status reply, never by message text. The one place that knows these codes.
 */
import { isJsonObject, type JsonValue, listOf, member, memberAt, textMember } from "../../core/json.ts";
import type { ClusterFault, ClusterResult } from "../../engine/ports/object-store.ts";

const DEFAULT_RETRY_SECONDS = 1;
const MAX_DETAIL_CHARACTERS = 2000;

/** A successful answer. */
export function ok<T>(value: T): ClusterResult<T> {
  return { kind: "ok", value };
}

/** A refusal. */
export function refused(fault: ClusterFault): { readonly kind: "fault"; readonly fault: ClusterFault } {
  return { kind: "fault", fault };
}

/**
 * @param status - HTTP status of the reply, or `code` of a watch's ERROR event
 * @param reply - the parsed Status object; anything else counts as no details
 * @param retryAfterSeconds - from the Retry-After header
 */
export function faultOfReply(status: number, reply: JsonValue | undefined, retryAfterSeconds?: number): ClusterFault {
  const reason = textMember(reply, "reason");
  const detail = detailOf(status, reply);
  if (isForeignVersion(reply)) return { kind: "expired", detail };
  const afterSeconds = retryAfterSeconds ?? numberAt(reply, ["details", "retryAfterSeconds"]);
  switch (status) {
    case 401:
    case 403:
      return { kind: "forbidden", detail, status };
    case 404:
      // A missing object (or namespace) is named; a missing kind is a bare "page not found".
      return textMember(member(reply, "details"), "name") === ""
        ? { kind: "unknownKind", detail }
        : { kind: "notFound", detail };
    case 409:
      return reason === "AlreadyExists" ? { kind: "alreadyExists", detail } : { kind: "conflict", detail };
    case 408:
      return { kind: "unavailable", detail };
    case 410:
      return { kind: "expired", detail };
    case 429:
      return { kind: "throttled", afterSeconds: afterSeconds ?? DEFAULT_RETRY_SECONDS, detail };
  }
  if (status === 422 && isOtherUid(reply)) return { kind: "conflict", detail };
  if (status < 500) return { kind: "invalid", detail, status };
  return afterSeconds === undefined ? { kind: "unavailable", detail } : { kind: "throttled", afterSeconds, detail };
}

/** No answer at all: connection refused or cut, TLS trouble, a deadline. */
export function faultOfError(error: unknown): ClusterFault {
  const parts: string[] = [];
  for (let current = error; current instanceof Error && parts.length < 3; current = current.cause) {
    const { code } = current as { readonly code?: unknown };
    parts.push(current.message || (typeof code === "string" ? code : current.name));
  }
  return { kind: "unavailable", detail: clip(parts.join(": ") || String(error)) };
}

/** The caller gave up. */
export function abortedFault(what: string): Extract<ClusterFault, { kind: "aborted" }> {
  return { kind: "aborted", detail: `${what} was aborted` };
}

/** Seconds of a Retry-After header; the date form is not used by Kubernetes and ignored. */
export function retryAfterSeconds(header: string | readonly string[] | undefined): number | undefined {
  const text = typeof header === "string" ? header : header?.[0];
  if (text === undefined || !/^\d+$/.test(text.trim())) return undefined;
  return Number(text);
}

/**
 * The server does not know the resourceVersion yet and, having waited, gives up: its history is another one (etcd
 * restored from a backup). Only a new list helps.
 */
function isForeignVersion(reply: JsonValue | undefined): boolean {
  return causesOf(reply).some((cause) => textMember(cause, "reason") === "ResourceVersionTooLarge");
}

/** A patch that names a uid met another object of that name: the server calls it a change of an immutable field. */
function isOtherUid(reply: JsonValue | undefined): boolean {
  return causesOf(reply).some((cause) => textMember(cause, "field") === "metadata.uid");
}

function causesOf(reply: JsonValue | undefined): readonly JsonValue[] {
  const causes = memberAt(reply, ["details", "causes"]);
  return listOf(causes);
}

function detailOf(status: number, reply: JsonValue | undefined): string {
  if (typeof reply === "string" && reply.trim() !== "") return clip(`HTTP ${status}: ${reply.trim()}`);
  const message = isJsonObject(reply) ? textMember(reply, "message") : "";
  return message === "" ? `HTTP ${status}` : clip(message);
}

function clip(text: string): string {
  return text.length <= MAX_DETAIL_CHARACTERS ? text : `${text.slice(0, MAX_DETAIL_CHARACTERS)}…`;
}

function numberAt(value: JsonValue | undefined, path: readonly string[]): number | undefined {
  const found = memberAt(value, path);
  return typeof found === "number" && found > 0 ? found : undefined;
}
