/** Types as values: the results of `type(x)`, and the names that mean types unless a variable has the name. */
import { kindOf, TypeName, type Kind, type Value } from "./value.ts";

/** The specification's names of kinds that have other names here. */
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

/** Names of types; a variable with the same name wins. */
export const TYPE_NAMES: ReadonlyMap<string, TypeName> = new Map([
  ...PLAIN.split(" ").map((name) => [name, new TypeName(name)] as const),
  ["timestamp", new TypeName("google.protobuf.Timestamp")],
  ["duration", new TypeName("google.protobuf.Duration")],
]);

/** Types with dots in their names, such as `google.protobuf.Timestamp`; a variable with the first name wins. */
export const DOTTED_TYPE_NAMES: ReadonlyMap<string, TypeName> = new Map(
  ["google.protobuf.Timestamp", "google.protobuf.Duration"].map((name) => [name, new TypeName(name)]),
);
