/** `koreo inspect`: shows a trigger with its conditions and the tree of its objects, once or live. */
import { isJsonObject, textMember, type JsonObject, type JsonValue } from "../../core/json.ts";
import { conditionsIn } from "../../core/status/condition.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { stringify } from "yaml";
import { withConnection } from "../connection.ts";
import type { OutputFormat } from "../flags.ts";
import { managedTree, type TreeNode } from "../managed-tree.ts";
import { findObject, readIfAnswered, textOf } from "../one-object.ts";
import { formatAge, formatTable } from "../table.ts";
import { treeRows } from "../tree.ts";

export interface InspectOptions extends ConfigFlags {
  readonly namespace?: string;
  readonly output: OutputFormat;
  readonly watch?: true;
  /** 1: conditions of every object, 2: its spec, 3: the whole object; as the original's `-v`, `-vv`, `-vvv`. */
  readonly verbose: number;
}

const LOOK_EVERY_MS = 1000;

export function inspect(kind: string, name: string, options: InspectOptions): Promise<void> {
  return withConnection(options, async (connection) => {
    const { ref, object } = await findObject(connection, kind, name, options.namespace);
    const show = async (trigger: JsonObject) => shown(trigger, await managedTree(connection, trigger), options);
    let before = await show(object);
    console.log(before);
    if (options.watch !== true) return;
    for (;;) {
      await systemClock.sleep(LOOK_EVERY_MS, connection.signal);
      if (connection.signal.aborted) return;
      const trigger = await readIfAnswered(connection, ref);
      if (trigger === undefined) continue;
      const now = await show(trigger);
      // Ages change by themselves, so they are not news.
      if (withoutAges(now) === withoutAges(before)) continue;
      if (process.stdout.isTTY) console.clear();
      // Each document stays complete: a reader takes one after the other.
      if (options.output === "yaml") console.log("---");
      else if (options.output !== "json")
        console.log(
          `${process.stdout.isTTY ? "" : "\n"}${new Date(systemClock.wallMs()).toISOString()} ${textOf(ref)}`,
        );
      console.log(now);
      before = now;
    }
  });
}

function shown(trigger: JsonObject, tree: TreeNode, { output, verbose }: InspectOptions): string {
  if (output === "json" || output === "yaml") {
    const told = { conditions: conditionsIn(trigger), ...bare(tree) };
    return output === "json" ? JSON.stringify(told, null, 2) : stringify(told, { lineWidth: 0 }).trimEnd();
  }
  const details = verbose === 0 ? [] : treeRows([tree], childrenOf).flatMap(({ node }) => detail(node, verbose));
  return [conditionTable(trigger), treeTable(tree), ...details].join("\n\n");
}

function conditionTable(trigger: JsonObject): string {
  const rows = conditionsIn(trigger).map((each) => [
    textMember(each, "type"),
    textMember(each, "status"),
    textMember(each, "reason"),
    formatAge(textMember(each, "lastTransitionTime"), Date.now()),
    oneLine(textMember(each, "message")),
  ]);
  return rows.length === 0 ? "no conditions" : formatTable(["CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"], rows);
}

function treeTable(tree: TreeNode): string {
  const rows = treeRows([tree], childrenOf).map(({ indent, node }) => [
    `${indent}${node.text}`,
    node.state === "present" || node.state === "" ? node.ready || (node.state === "" ? "" : "-") : node.state,
    formatAge(node.createdAt, Date.now()),
    `${node.readonly ? "(readonly) " : ""}${oneLine(node.says)}`,
  ]);
  return formatTable(["OBJECT", "READY", "AGE", "SAYS"], rows);
}

function detail({ text, object }: TreeNode, verbose: number): readonly string[] {
  if (object === null) return [];
  const { metadata, ...others } = object;
  const { managedFields: _managed, ...kept } = (isJsonObject(metadata) ? metadata : {}) as Record<string, JsonValue>;
  const said = { 1: { conditions: conditionsIn(object) }, 2: { spec: object["spec"] ?? null } }[verbose];
  return [`--- ${text}\n${stringify(said ?? { ...others, metadata: kept }, { lineWidth: 0 }).trimEnd()}`];
}

/** The tree without the objects themselves; `kubectl get` shows those. */
function bare({ object: _object, identity, children, ...node }: TreeNode): JsonObject {
  return { ...node, identity: identity === null ? null : { ...identity }, children: children.map(bare) };
}

function childrenOf({ children }: TreeNode): readonly TreeNode[] {
  return children;
}

function withoutAges(text: string): string {
  return text.replaceAll(/ +(\d+[smhd])+\b/g, "").replaceAll(/ {2,}/g, " ");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
