/**
 * Follows a trigger, object by object, to what keeps it from being ready: when the blocking object is itself a trigger,
 * its own Ready condition names the next one.
 */
import { memberAt, textMember, type JsonObject } from "../core/json.ts";
import { annotationOf } from "../core/object.ts";
import { ANNOTATION } from "../core/names.ts";
import { formatApiVersion, objectText } from "../core/object-key.ts";
import { parseInventory } from "../core/resource/inventory.ts";
import { readBlockage, type ReadBlockage } from "../core/status/blockage.ts";
import { readyCondition } from "../core/status/condition.ts";
import { ownMessage } from "../core/status/own-message.ts";
import type { Connection } from "./connection.ts";

/** One object on the way, or the step when there is no object. */
export interface ChainLink {
  /** `Deployment apps/web`; "" where a step blocks without an object. */
  readonly object: string;
  readonly apiVersion: string;
  /** Labels of the steps in the previous object that lead here; "" for the trigger itself. */
  readonly step: string;
  readonly state: "present" | "missing" | "unreadable";
  /** Status of its Ready condition; "" when it has none. */
  readonly ready: string;
  /** What the object says about itself. */
  readonly says: string;
}

const MAX_LINKS = 10;

/** @returns the trigger first and the blocking object last; only the trigger when nothing blocks */
export async function blockingChain(connection: Connection, trigger: JsonObject): Promise<readonly ChainLink[]> {
  const links = [linkOf(trigger, "")];
  const seen = new Set<string>();
  let current: JsonObject | undefined = trigger;
  while (current !== undefined && links.length < MAX_LINKS) {
    const blockage = blockageToldBy(current);
    if (blockage === undefined || seen.has(blockage.who)) break;
    seen.add(blockage.who);
    const next: Next = await follow(connection, current, blockage);
    links.push(next.link);
    current = next.object;
  }
  return links;
}

/** What a trigger's status says about its blockage. */
export function blockageToldBy(trigger: JsonObject): ReadBlockage | undefined {
  const message = textMember(readyCondition(trigger), "message");
  return readBlockage(message === "" ? annotationOf(trigger, ANNOTATION.outcome) : message);
}

interface Next {
  readonly link: ChainLink;
  readonly object: JsonObject | undefined;
}

async function follow(
  { store, signal }: Connection,
  trigger: JsonObject,
  { who, sentence }: ReadBlockage,
): Promise<Next> {
  const step = /step ([^)]*)\)?$/.exec(who)?.[1] ?? "";
  const named = who.endsWith(")") ? who.slice(0, who.lastIndexOf(" (step ")) : "";
  const uid = textMember(memberAt(trigger, ["metadata"]), "uid");
  const inventory = parseInventory(annotationOf(trigger, ANNOTATION.inventory), uid);
  const entry = inventory.find((each) => objectText(each) === named);
  const without = { object: named, apiVersion: "", step, ready: "", says: sentence };
  if (entry === undefined) return { link: { ...without, state: "unreadable" }, object: undefined };
  const apiVersion = formatApiVersion(entry);
  const type = await store.resolve(entry, signal);
  if (type.kind === "fault")
    return { link: { ...without, apiVersion, state: "unreadable", says: type.fault.detail }, object: undefined };
  const read = await store.get({ type: type.value, namespace: entry.namespace, name: entry.name }, signal);
  if (read.kind === "ok") return { link: linkOf(read.value, step), object: read.value };
  const isMissing = read.fault.kind === "notFound";
  const link = {
    ...without,
    apiVersion,
    state: isMissing ? "missing" : "unreadable",
    says: read.fault.detail,
  } as const;
  return { link, object: undefined };
}

function linkOf(object: JsonObject, step: string): ChainLink {
  const metadata = memberAt(object, ["metadata"]);
  const [kind, namespace, name] = [
    textMember(object, "kind"),
    textMember(metadata, "namespace"),
    textMember(metadata, "name"),
  ];
  return {
    object: objectText({ kind, namespace, name }),
    apiVersion: textMember(object, "apiVersion"),
    step,
    state: "present",
    ready: textMember(readyCondition(object), "status"),
    says: ownMessage(object) ?? textMember(readyCondition(object), "message"),
  };
}
