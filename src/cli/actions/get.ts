/** `koreo get`: lists triggers and definitions with verdicts, or shows one with its conditions and managed objects. */
import { member, textMember, type JsonObject, type JsonValue } from "../../core/json.ts";
import { conditionNamed, conditionsIn } from "../../core/status/condition.ts";
import { verdictOf } from "../../core/status/verdict.ts";
import { listPages } from "../../engine/list-pages.ts";
import type { ResourceType } from "../../engine/ports/object-store.ts";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { failed, withConnection, type Connection } from "../connection.ts";
import { findKind } from "../find-kind.ts";
import type { OutputFormat } from "../flags.ts";
import { managedObjects, type ManagedObject } from "../managed-objects.ts";
import { readAgain } from "../one-object.ts";
import { printDocument } from "../print-document.ts";
import { formatAge, formatTable } from "../table.ts";

export interface GetOptions extends ConfigFlags {
  readonly output: OutputFormat;
  readonly namespace?: string;
  readonly allNamespaces?: true;
}

export function get(kind: string, name: string | undefined, options: GetOptions): Promise<void> {
  return withConnection(options, async (connection) => {
    const type = await findKind(connection, kind);
    if (name === undefined) await list(connection, type, options);
    else await one(connection, type, name, options);
  });
}

async function list(connection: Connection, type: ResourceType, options: GetOptions): Promise<void> {
  const isWide = options.allNamespaces === true || !type.namespaced;
  const namespace = isWide ? undefined : (options.namespace ?? connection.namespace);
  const listed = await listPages(connection, type, { namespace });
  if (listed.kind === "fault") throw failed(`listing ${type.plural}`, listed.fault);
  const objects = listed.value;
  if (options.output !== "table") {
    printDocument(options.output, { apiVersion: "v1", kind: "List", items: objects });
    return;
  }
  if (objects.length === 0) {
    console.error(
      isWide
        ? `no ${type.plural} found`
        : `no ${type.plural} in namespace ${options.namespace ?? connection.namespace}`,
    );
    return;
  }
  const showsNamespace = options.allNamespaces === true && type.namespaced;
  const heads = [...(showsNamespace ? ["NAMESPACE"] : []), "NAME", "READY", "REASON", "AGE", "MESSAGE"];
  const rows = objects.map((object) => {
    const { status, reason, message } = verdictOf(object);
    const metadata = member(object, "metadata");
    const place = showsNamespace ? [textMember(metadata, "namespace")] : [];
    const age = formatAge(textMember(metadata, "creationTimestamp"), Date.now());
    const isPaused = textMember(conditionNamed(object, "Paused"), "status") === "True";
    const why = `${reason || "-"}${isPaused ? " (paused)" : ""}`;
    return [...place, textMember(metadata, "name"), status || "-", why, age, oneLine(message)];
  });
  console.log(formatTable(heads, rows));
}

async function one(connection: Connection, type: ResourceType, name: string, options: GetOptions): Promise<void> {
  const namespace = type.namespaced ? (options.namespace ?? connection.namespace) : "";
  const object = await readAgain(connection, { type, namespace, name });
  const managed = await managedObjects(connection, object);
  if (options.output === "table") printOne(object, managed);
  else printDocument(options.output, { object, managedObjects: managed as unknown as JsonValue });
}

function printOne(object: JsonObject, managed: readonly ManagedObject[]): void {
  const metadata = member(object, "metadata");
  const namespace = textMember(metadata, "namespace");
  console.log(
    `${textMember(object, "kind")} ${namespace === "" ? "" : `${namespace}/`}${textMember(metadata, "name")}`,
  );
  const conditions = conditionsIn(object).map((each) => [
    textMember(each, "type"),
    textMember(each, "status"),
    textMember(each, "reason"),
    formatAge(textMember(each, "lastTransitionTime"), Date.now()),
    oneLine(textMember(each, "message")),
  ]);
  console.log(
    conditions.length === 0
      ? "\nno conditions"
      : `\n${formatTable(["CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"], conditions)}`,
  );
  if (managed.length === 0) return;
  const rows = managed.map((each) => [
    each.kind,
    each.namespace,
    each.name,
    each.step,
    each.state + (each.readonly ? " (readonly)" : ""),
  ]);
  console.log(`\n${formatTable(["MANAGED", "NAMESPACE", "NAME", "STEP", "STATE"], rows)}`);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
