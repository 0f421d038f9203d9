/** Finds the kind a user means: `workflow`, `Workflows`, `deploy.apps`, in any case, singular, plural or short name. */
import { KOREO_GROUP } from "../core/names.ts";
import type { ResourceType } from "../engine/ports/object-store.ts";
import type { Connection } from "./connection.ts";
import { CommandFailed } from "./failure.ts";
import { preferredKinds, type ServedKind } from "./served-kinds.ts";

/** @throws CommandFailed naming near misses when no kind, or several, have that name */
export async function findKind(connection: Connection, asked: string): Promise<ResourceType> {
  const [name = "", ...group] = asked.toLowerCase().split(".");
  const known = await preferredKinds(connection);
  const called = known.filter(
    ({ type, names }) => names.includes(name) && (group.length === 0 || type.group === group.join(".")),
  );
  // Our own kinds win over others of the same name, then the core group wins over all others, as with kubectl.
  const preferred =
    called.find(({ type }) => type.group === KOREO_GROUP) ?? called.find(({ type }) => type.group === "");
  const only = called.length === 1 ? called[0] : preferred;
  if (only !== undefined) return only.type;
  const label = ({ type }: ServedKind) => (type.group === "" ? type.plural : `${type.plural}.${type.group}`);
  if (called.length > 1) throw new CommandFailed(`"${asked}" is ambiguous: write ${called.map(label).join(" or ")}`);
  const near = known.filter(({ names }) => names.some((each) => each.startsWith(name.slice(0, 4)))).map(label);
  const hint = near.length === 0 ? "" : `; did you mean ${near.slice(0, 5).join(", ")}?`;
  throw new CommandFailed(`the server does not serve "${asked}"${hint}`);
}
