/** Kubernetes' functions on ranges of internet addresses. */
import { Opaque, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, onText, type CelFunction } from "./function.ts";
import { Cidr, Ip, maskedTo, parseCidr, parseIp } from "./ip-address.ts";

export const cidrFunctions: readonly CelFunction[] = [
  onText(
    "cidr",
    "cidr",
    `cidr("10.1.0.0/16").prefixLength() == 16`,
    (text, site) => parseCidr(text) ?? functionFault("cidr: no range of addresses", site),
  ),
  onText(
    "isCIDR",
    "bool",
    `isCIDR("10.0.0.0/8") && !isCIDR("10.0.0.0/33") && !isCIDR("10.0.0.1")`,
    (text) => parseCidr(text) !== undefined,
  ),
  onCidr("prefixLength", "int", `cidr("::/64").prefixLength() == 64`, (range) => Cidr.prefixLength(range)),
  onCidr(
    "masked",
    "cidr",
    `cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")`,
    (range) => new Cidr(maskedTo(Cidr.address(range), Cidr.prefixLength(range)), Cidr.prefixLength(range)),
  ),
  containing(
    "containsIP",
    "ip",
    `cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsIP(ip("::1"))`,
    (range, sought, site) => {
      const address =
        typeof sought === "string" ? (parseIp(sought) ?? functionFault("containsIP: no address", site)) : sought;
      return address instanceof Ip ? holds(range, address) : address;
    },
  ),
  containing(
    "containsCIDR",
    "cidr",
    `cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && !cidr("10.0.0.0/8").containsCIDR(cidr("0.0.0.0/0"))`,
    (range, sought, site) => {
      const inner =
        typeof sought === "string"
          ? (parseCidr(sought) ?? functionFault("containsCIDR: no range of addresses", site))
          : sought;
      if (!(inner instanceof Cidr)) return inner;
      return Cidr.prefixLength(range) <= Cidr.prefixLength(inner) && holds(range, Cidr.address(inner));
    },
  ),
];

function holds(range: Cidr, address: Ip): boolean {
  const network = Cidr.address(range);
  const length = Cidr.prefixLength(range);
  if (Ip.family(network) !== Ip.family(address)) return false;
  return Opaque.key(maskedTo(network, length)) === Opaque.key(maskedTo(address, length));
}

function onCidr(name: string, gives: string, example: string, apply: (range: Cidr) => Value): CelFunction {
  return {
    name,
    signature: `${name}(cidr) -> ${gives}`,
    example,
    arity: [1, 1],
    apply: (site, range) => (range instanceof Cidr ? apply(range) : noSuchOverload(name, site, range)),
  };
}

/** `apply` gets a text, or a value of kind `other`. */
function containing(
  name: string,
  other: "ip" | "cidr",
  example: string,
  apply: (range: Cidr, sought: Value, site: Site) => Value,
): CelFunction {
  return {
    name,
    signature: `${name}(cidr, ${other} | string) -> bool`,
    example,
    arity: [2, 2],
    apply: (site, range, sought) => {
      const isTaken = typeof sought === "string" || sought instanceof (other === "ip" ? Ip : Cidr);
      return range instanceof Cidr && isTaken ? apply(range, sought, site) : noSuchOverload(name, site, range, sought);
    },
  };
}
