/**
 * One cluster on which cases of the workflows corpus are played, one after another: a control plane, Redis, a watcher and a
 * worker of its own. Between cases everything a case has made is taken away; the kinds stay, for most cases share them.
 */
import { member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { formatKey, LOCAL_CLUSTER, parseApiVersion, type KeyText } from "../../src/core/object-key.ts";
import { APPS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { CorpusCluster } from "./workflows-cluster.ts";
import type { ClusterState, Phase, WorkflowCase } from "./workflows-corpus.ts";
import { isKind, isNamespace } from "./workflows-kinds.ts";
import { QueueRest } from "./workflows-rest.ts";
import { CaseReader } from "./workflows-state.ts";
import { untilUnwatched } from "./workflows-watched.ts";

/** Between two cases: what a watcher has under way must not meet the next one. */
const CLEARED_QUIET_MS = 150;
const CLEARED_WITHIN_MS = 60_000;
/** Those every case has. */
const NAMESPACES: ReadonlySet<string> = new Set(["apps", "defs", "other"]);
/** How long a state that is not as it should be may still become so: a slow machine is no mismatch. */
const SECOND_THOUGHTS_MS = 6000;
const DEFINITION_KINDS = ["Workflow", "ResourceFunction", "ValueFunction", "ResourceTemplate", "FunctionTest"];

/** What a phase came to. */
export interface PlayedPhase {
  readonly state: ClusterState;
  /** Whether it came to rest. */
  readonly isSettled: boolean;
}

/** Says whether a state is one to stop at; one that is not gets more time. */
export type Accepts = (played: PlayedPhase) => boolean;

export class Lane {
  readonly #e2e: E2eCluster;
  readonly #cluster: CorpusCluster;
  readonly #rest: QueueRest;

  private constructor(e2e: E2eCluster, cluster: CorpusCluster, rest: QueueRest) {
    this.#e2e = e2e;
    this.#cluster = cluster;
    this.#rest = rest;
  }

  static async start(): Promise<Lane> {
    const e2e = await startE2e({ audit: false, kinds: [], env: { KOREO_NAMESPACES: APPS } });
    // The original was recorded with nothing beside the API server.
    await e2e.stack.plane?.controllerManager.stop();
    const cluster = new CorpusCluster(e2e.access);
    await cluster.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } });
    return new Lane(e2e, cluster, new QueueRest(e2e.stack.redis.url));
  }

  /** Folder with the logs of its processes, until it is stopped. */
  get dir(): string {
    return this.#e2e.stack.dir;
  }

  async stop(): Promise<void> {
    await this.#rest.close();
    await this.#e2e.stop();
  }

  /**
   * Plays a case from its first object to its last phase, and clears it away.
   *
   * @param onRest - told of the state at the end of each phase, once and in order
   */
  async play(
    played: WorkflowCase,
    accepts: (phase: number, played: PlayedPhase) => boolean,
    onRest: (phase: number, played: PlayedPhase) => void,
  ): Promise<void> {
    await this.#forgotten(played);
    for (const crd of played.kinds) await this.#cluster.installKind(crd);
    const reader = new CaseReader(this.#cluster, played);
    await reader.begin();
    const manager = this.#e2e.stack.plane?.controllerManager;
    if (played.collectsGarbage) await manager?.start();
    try {
      for (const object of [...played.objects, ...played.definitions]) await this.#cluster.put(object);
      await Promise.all(played.triggers.map((trigger) => this.#cluster.put(trigger)));
      for (const [index, phase] of played.phases.entries()) {
        await this.#act(phase, played);
        onRest(index, await this.#rested(reader, (state) => accepts(index, state)));
      }
    } finally {
      if (played.collectsGarbage) await manager?.stop();
      await this.#clear(reader, played);
    }
  }

  /** Triggers without a Workflow are not looked at, unless one of an earlier case still is. */
  async #forgotten({ triggers, definitions }: WorkflowCase): Promise<void> {
    const followed = new Set(definitions.map((each) => textMember(memberAt(each, ["spec", "crdRef"]), "kind")));
    const kinds = triggers.map((trigger) => textMember(trigger, "kind")).filter((kind) => !followed.has(kind));
    const watchers = this.#e2e.stack.processes.filter(({ role }) => role === "watcher");
    await Promise.all(watchers.map(({ logFile }) => untilUnwatched(logFile, new Set(kinds))));
  }

  async #act(phase: Phase, { triggers }: WorkflowCase): Promise<void> {
    for (const { action, objects } of phase.acts) {
      for (const object of objects) {
        if (action === "apply") await this.#cluster.put(object);
        else if (action === "trigger") await this.#cluster.putTrigger(object);
        else if (action === "patch") await this.#cluster.patch(object);
        else await this.#cluster.delete(object);
      }
    }
    if (phase.looksAgain) await this.#rest.lookAgain(triggers.map(keyOf));
  }

  async #rested(reader: CaseReader, accepts: Accepts): Promise<PlayedPhase> {
    const endMs = performance.now() + SECOND_THOUGHTS_MS;
    for (;;) {
      const isSettled = await this.#rest.settle(() => reader.text());
      const played = { isSettled, state: await reader.state() };
      if (accepts(played) || performance.now() > endMs) return played;
    }
  }

  /** Takes away what the case has made, again and again while somebody still makes more. */
  async #clear(reader: CaseReader, { objects, phases, kinds }: WorkflowCase): Promise<void> {
    const definitions = DEFINITION_KINDS.map((kind) => ({ apiVersion: "koreo.dev/v1beta1", kind }));
    const made = [...objects, ...phases.flatMap(({ acts }) => acts.flatMap((act) => act.objects))];
    const namespaces = made.filter((object) => isNamespace(object) && !NAMESPACES.has(nameOf(object)));
    // Kubernetes' own controller empties them.
    const manager = namespaces.length > 0 ? this.#e2e.stack.plane?.controllerManager : undefined;
    await manager?.start();
    const endMs = performance.now() + CLEARED_WITHIN_MS;
    for (;;) {
      const lists = await Promise.all([...definitions.map((kind) => this.#cluster.list(kind)), reader.objects()]);
      const standing = await Promise.all(namespaces.map((object) => this.#cluster.get(object)));
      const left = [...lists.flat(), ...standing.filter((object) => object !== undefined)];
      if (left.length === 0) break;
      if (performance.now() > endMs) throw new Error(`cannot be cleared away: ${left.map(nameOf).join(", ")}`);
      await this.#cluster.remove(left);
      await this.#rest.idle(CLEARED_QUIET_MS);
    }
    await manager?.stop();
    const own = new Set(kinds.map(nameOf));
    for (const crd of made.filter(isKind)) if (!own.has(nameOf(crd))) await this.#cluster.removeKind(crd);
  }
}

function nameOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "name");
}

function keyOf(trigger: JsonObject): KeyText {
  const { group } = parseApiVersion(textMember(trigger, "apiVersion"));
  const metadata = member(trigger, "metadata");
  const [kind, namespace, name] = [textMember(trigger, "kind"), textMember(metadata, "namespace"), nameOf(trigger)];
  return formatKey({ cluster: LOCAL_CLUSTER, group, kind, namespace, name });
}
