/** Types as values: what `type(x)` gives, and the names that stand for types where no variable has them. */
import { kindOf, TypeName, type Kind, type Value } from "./value.ts";

/** The specification's names of kinds that are called otherwise here. */
const SPECIFIED: Partial<Readonly<Record<Kind, string>>> = {
  null: "null_type",
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
  optional: "optional_type",
  url: "kubernetes.URL",
  ip: "net.IP",
  cidr: "net.CIDR",
  quantity: "kubernetes.Quantity",
  format: "kubernetes.NamedFormat",
};

export function typeOf(value: Value): TypeName {
  const kind = kindOf(value);
  return new TypeName(SPECIFIED[kind] ?? kind);
}

const PLAIN = "bool bytes double int list map null_type string type uint optional_type";

/** Names that stand for types; a variable of that name wins. */
export const TYPE_NAMES: ReadonlyMap<string, TypeName> = new Map([
  ...PLAIN.split(" ").map((name) => [name, new TypeName(name)] as const),
  ["timestamp", new TypeName("google.protobuf.Timestamp")],
  ["duration", new TypeName("google.protobuf.Duration")],
]);

/** Types whose names are written with dots, as `google.protobuf.Timestamp`; again a variable of the first name wins. */
export const DOTTED_TYPE_NAMES: ReadonlyMap<string, TypeName> = new Map(
  ["google.protobuf.Timestamp", "google.protobuf.Duration"].map((name) => [name, new TypeName(name)]),
);
