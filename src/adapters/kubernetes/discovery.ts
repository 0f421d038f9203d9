/**
 * Which kinds the server serves, and how. Asked group by group and version by version, when first needed: these two small
 * documents are current as soon as a CRD is established, exist on every server, and cost less than the aggregated
 * document, which grows with every CRD of the cluster and lags behind new ones.
 */
import { type JsonValue, listOf, member, memberAt, textMember } from "../../core/json.ts";
import type { GroupKind } from "../../core/object-key.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { ClusterResult, ResourceType } from "../../engine/ports/object-store.ts";
import type { ClusterClient } from "./client.ts";
import { abortedFault, ok, refused } from "./fault.ts";
import { groupVersionPath, kindLabel } from "./resource-path.ts";

/** After this an answer is still used but refreshed behind it: a CRD may have gained a status subresource. */
const STALE_AFTER_MS = 60_000;
/** How long "not served" is believed; a CRD installed meanwhile must be found within 5 s. */
const MISSING_FOR_MS = 2000;

/** A kind asked for; without a version the server's preferred one that serves it. */
export type KindQuery = GroupKind & { readonly version?: string | undefined };

/** What one group-version document says; `undefined` when the server does not have it. */
type Document<T> = { readonly found: T | undefined; readonly readAtMs: number };

export class Discovery {
  readonly #client: ClusterClient;
  readonly #clock: Clock;
  readonly #documents = new Map<string, Document<unknown>>();
  readonly #reading = new Map<string, Promise<ClusterResult<Document<unknown>>>>();

  constructor(client: ClusterClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Finds a kind. `unknownKind` when no version (or not the one asked for) serves it. */
  async resolve(query: KindQuery, signal: AbortSignal): Promise<ClusterResult<ResourceType>> {
    if (signal.aborted) return refused(abortedFault("discovery"));
    const found = await this.#find(query, signal);
    const isMissing = found.kind === "fault" && found.fault.kind === "unknownKind";
    // "Not there" may only be old news: a CRD adds its kind to a group we know.
    return isMissing && this.forget(query.group, MISSING_FOR_MS) ? this.#find(query, signal) : found;
  }

  /**
   * Forgets a group: a request to one of its kinds was answered as if the kind were gone.
   *
   * @returns whether there was anything at least `minAgeMs` old to forget
   */
  forget(group: string, minAgeMs = 0): boolean {
    const root = groupPath(group);
    const outdated = [...this.#documents].filter(
      ([path, { readAtMs }]) =>
        (path === root || path.startsWith(`${root}/`)) && this.#clock.nowMs() - readAtMs >= minAgeMs,
    );
    for (const [path] of outdated) this.#documents.delete(path);
    return outdated.length > 0;
  }

  async #find(query: KindQuery, signal: AbortSignal): Promise<ClusterResult<ResourceType>> {
    const versions = query.version === undefined ? await this.#versionsOf(query.group, signal) : ok([query.version]);
    if (versions.kind === "fault") return versions;
    for (const version of versions.value) {
      const types = await this.#typesOf(query.group, version, signal);
      if (types.kind === "fault") return types;
      const type = types.value.find((candidate) => candidate.kind === query.kind);
      if (type !== undefined) return ok(type);
    }
    const asked = query.version === undefined ? kindLabel(query) : `${kindLabel(query)} in version ${query.version}`;
    return refused({ kind: "unknownKind", detail: `the server does not serve ${asked}` });
  }

  /** Versions of a group, the preferred one first. */
  async #versionsOf(group: string, signal: AbortSignal): Promise<ClusterResult<readonly string[]>> {
    const versions = await this.#read(groupPath(group), parseVersions, signal);
    return versions.kind === "fault" ? versions : ok(versions.value ?? []);
  }

  async #typesOf(group: string, version: string, signal: AbortSignal): Promise<ClusterResult<readonly ResourceType[]>> {
    const api = { group, version };
    const types = await this.#read(groupVersionPath(api), (document) => parseTypes(document, api), signal);
    return types.kind === "fault" ? types : ok(types.value ?? []);
  }

  async #read<T>(
    path: string,
    parse: (document: JsonValue) => T,
    signal: AbortSignal,
  ): Promise<ClusterResult<T | undefined>> {
    const known = this.#documents.get(path) as Document<T> | undefined;
    const ageMs = known === undefined ? Infinity : this.#clock.nowMs() - known.readAtMs;
    if (known?.found !== undefined && ageMs >= STALE_AFTER_MS) void this.#fetch(path, parse);
    const isUsable = known !== undefined && (known.found !== undefined || ageMs < MISSING_FOR_MS);
    if (isUsable) return ok(known.found);
    const fetched = await unlessAborted(this.#fetch(path, parse), signal);
    return fetched.kind === "fault" ? fetched : ok(fetched.value.found);
  }

  /** One request at a time per document, shared by all who ask; no caller can abort it. */
  #fetch<T>(path: string, parse: (document: JsonValue) => T): Promise<ClusterResult<Document<T>>> {
    const running = this.#reading.get(path) as Promise<ClusterResult<Document<T>>> | undefined;
    if (running !== undefined) return running;
    const fetched = this.#fetchOnce(path, parse).finally(() => this.#reading.delete(path));
    this.#reading.set(path, fetched);
    return fetched;
  }

  async #fetchOnce<T>(path: string, parse: (document: JsonValue) => T): Promise<ClusterResult<Document<T>>> {
    const reply = await this.#client.request(
      { method: "GET", path, verb: "discover", kind: "", urgency: "status", timeoutMs: 10_000 },
      new AbortController().signal,
    );
    if (reply.kind === "fault" && reply.fault.kind !== "unknownKind" && reply.fault.kind !== "notFound") return reply;
    const found = reply.kind === "ok" ? parse(reply.value) : undefined;
    const document = { found, readAtMs: this.#clock.nowMs() };
    this.#documents.set(path, document);
    return ok(document);
  }
}

function groupPath(group: string): string {
  return group === "" ? "/api" : `/apis/${encodeURIComponent(group)}`;
}

async function unlessAborted<T>(work: Promise<ClusterResult<T>>, signal: AbortSignal): Promise<ClusterResult<T>> {
  let stop = (): void => undefined;
  const aborted = new Promise<ClusterResult<T>>((resolve) => {
    stop = () => resolve(refused(abortedFault("discovery")));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** An APIGroup (`/apis/<group>`) or the core group's APIVersions (`/api`). */
function parseVersions(document: JsonValue): readonly string[] {
  const listed = listOf(member(document, "versions")).map((entry) =>
    typeof entry === "string" ? entry : textMember(entry, "version"),
  );
  const preferred = textMember(memberAt(document, ["preferredVersion"]), "version");
  return preferred === "" ? listed : [preferred, ...listed.filter((version) => version !== preferred)];
}

/** An APIResourceList; subresources are entries named `<plural>/<subresource>`. */
function parseTypes(
  document: JsonValue,
  api: { readonly group: string; readonly version: string },
): readonly ResourceType[] {
  const entries = listOf(member(document, "resources"));
  const names = new Set(entries.map((entry) => textMember(entry, "name")));
  return entries
    .filter((entry) => !textMember(entry, "name").includes("/"))
    .map((entry) => {
      const plural = textMember(entry, "name");
      const verbs = listOf(member(entry, "verbs"));
      return {
        ...api,
        kind: textMember(entry, "kind"),
        plural,
        namespaced: member(entry, "namespaced") === true,
        hasStatus: names.has(`${plural}/status`),
        watchable: verbs.includes("list") && verbs.includes("watch"),
      };
    });
}
