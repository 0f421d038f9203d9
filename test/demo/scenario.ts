/**
 * What the demo shows, act by act: triggers become Ready, an edit reaches the objects, a deleted and an edited object are
 * repaired. Each act waits for the state of the cluster and says how long it took.
 */
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import type { Connection } from "../../src/cli/connection.ts";
import type { ObjectRef, ResourceType } from "../../src/engine/ports/object-store.ts";
import { isTriggerReady, ObjectBoard, type BoardChange } from "../support/object-board.ts";
import { TRIGGERS, type Platform } from "./platform.ts";

/** One line of the final table. */
export interface Measurement {
  readonly what: string;
  readonly seconds: number;
}

export interface Scene {
  readonly connection: Connection;
  readonly platform: Platform;
  /** Says what happens, one line at a time. */
  readonly say: (line: string) => void;
}

const READY_WITHIN_MS = 120_000;
const REPAIRED_WITHIN_MS = 60_000;
const SHOP = { name: "shop", replicas: 5 };
const DELETED = "shop-settings";
const EDITED = "docs-site-guide";

/** Plays all acts. @returns what was measured, in order */
export async function play(scene: Scene): Promise<readonly Measurement[]> {
  const { connection, say } = scene;
  const webApp = await typeOf(connection, "platform.example.com", "WebApp");
  const boards = {
    triggers: new ObjectBoard((change) => say(changeLine(change))),
    configMaps: new ObjectBoard(),
    deployments: new ObjectBoard(),
  };
  const open = (board: ObjectBoard, type: ResourceType) =>
    board.open(connection.informers, { type, namespace: TRIGGERS, metadataOnly: false });
  await open(boards.triggers, webApp);
  await open(boards.configMaps, await typeOf(connection, "", "ConfigMap"));
  await open(boards.deployments, await typeOf(connection, "apps", "Deployment"));
  try {
    return [
      ...(await becomeReady(scene, boards.triggers)),
      await editReaches(scene, webApp, boards.triggers, boards.deployments),
      await deletedComesBack(scene, boards.configMaps),
      await editIsUndone(scene, boards.configMaps),
    ];
  } finally {
    for (const board of Object.values(boards)) board.close();
  }
}

async function becomeReady({ platform, say }: Scene, board: ObjectBoard): Promise<readonly Measurement[]> {
  say("creating the triggers");
  const since = board.elapsedMs();
  const names = await platform.createTriggers();
  const times = await Promise.all(
    names.map(async (name) => {
      const atMs = await board.until(`${name} becoming Ready`, READY_WITHIN_MS, () => isTriggerReady(board.get(name)));
      return { what: `${name}: from creating the first trigger to Ready`, seconds: (atMs - since) / 1000 };
    }),
  );
  return times;
}

async function editReaches(
  { connection, say }: Scene,
  webApp: ResourceType,
  triggers: ObjectBoard,
  deployments: ObjectBoard,
): Promise<Measurement> {
  const { name, replicas } = SHOP;
  say(`editing the trigger ${name}: spec.replicas becomes ${replicas}`);
  const since = triggers.elapsedMs();
  const edited = await patch(connection, { type: webApp, namespace: TRIGGERS, name }, { spec: { replicas } });
  const generation = memberAt(edited, ["metadata", "generation"]);
  const isScaled = () => memberAt(deployments.get(name), ["spec", "replicas"]) === replicas;
  await deployments.until(`Deployment ${name} having ${replicas} replicas`, REPAIRED_WITHIN_MS, isScaled);
  const isCurrent = () =>
    isTriggerReady(triggers.get(name)) && memberAt(triggers.get(name), ["metadata", "generation"]) === generation;
  const atMs = await triggers.until(`${name} being Ready again`, REPAIRED_WITHIN_MS, isCurrent);
  return { what: `${name}: from the edit to the Deployment and Ready again`, seconds: (atMs - since) / 1000 };
}

async function deletedComesBack({ connection, say }: Scene, configMaps: ObjectBoard): Promise<Measurement> {
  say(`deleting the ConfigMap ${DELETED} by hand`);
  const since = configMaps.elapsedMs();
  const type = await typeOf(connection, "", "ConfigMap");
  const uid = uidOf(configMaps.get(DELETED));
  const ref = { type, namespace: TRIGGERS, name: DELETED };
  const deleted = await connection.store.delete(ref, { uid, propagationPolicy: "Background" }, connection.signal);
  if (deleted.kind === "fault") throw new Error(`${DELETED}: ${deleted.fault.detail}`);
  const isBack = () => !["", uid].includes(uidOf(configMaps.get(DELETED)));
  const atMs = await configMaps.until(`ConfigMap ${DELETED} coming back`, REPAIRED_WITHIN_MS, isBack);
  say(`  ${DELETED} is back`);
  return { what: `${DELETED}: from deleted by hand to created again`, seconds: (atMs - since) / 1000 };
}

async function editIsUndone({ connection, say }: Scene, configMaps: ObjectBoard): Promise<Measurement> {
  say(`editing the ConfigMap ${EDITED} by hand`);
  const since = configMaps.elapsedMs();
  const page = () => memberAt(configMaps.get(EDITED), ["data", "index.html"]);
  const before = page();
  const type = await typeOf(connection, "", "ConfigMap");
  const edited = await patch(
    connection,
    { type, namespace: TRIGGERS, name: EDITED },
    { data: { "index.html": "defaced" } },
  );
  const version = (object: JsonObject | undefined) => memberAt(object, ["metadata", "resourceVersion"]);
  // The board may not have seen the edit yet: only a later version counts.
  const isUndone = () =>
    page() === before && Number(version(configMaps.get(EDITED)) ?? 0) > Number(version(edited) ?? 0);
  const atMs = await configMaps.until(`ConfigMap ${EDITED} being repaired`, REPAIRED_WITHIN_MS, isUndone);
  say(`  ${EDITED} is as it was`);
  return { what: `${EDITED}: from edited by hand to repaired`, seconds: (atMs - since) / 1000 };
}

async function patch({ store, signal }: Connection, ref: ObjectRef, body: JsonObject): Promise<JsonObject> {
  const answer = await store.patch(ref, body, signal);
  if (answer.kind === "fault") throw new Error(`${ref.type.kind} ${ref.name}: ${answer.fault.detail}`);
  return answer.value;
}

async function typeOf({ store, signal }: Connection, group: string, kind: string): Promise<ResourceType> {
  const type = await store.resolve({ group, kind }, signal);
  if (type.kind === "fault") throw new Error(`${kind}: ${type.fault.detail}`);
  return type.value;
}

function uidOf(object: JsonObject | undefined): string {
  return textMember(memberAt(object, ["metadata"]), "uid");
}

function changeLine({ name, readiness }: BoardChange): string {
  const { status, reason, message, isCurrent } = readiness;
  if (!isCurrent) return `  ${name.padEnd(10)} has a new spec`;
  return `  ${name.padEnd(10)} Ready=${status.padEnd(8)} ${reason}${message === "" ? "" : `: ${message}`}`;
}
