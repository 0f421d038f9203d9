/** Kubernetes' functions on internet addresses. */
import { onText, functionFault, noSuchOverload, type CelFunction } from "./function.ts";
import { Cidr, Ip, parseIp } from "./ip-address.ts";
import { Opaque, type Value } from "../value.ts";

export const ipFunctions: readonly CelFunction[] = [
  onText(
    "ip",
    "ip",
    `string(ip("2001:DB8::0:1")) == "2001:db8::1"`,
    (text, site) => parseIp(text) ?? functionFault("ip: no address", site),
  ),
  {
    name: "ip",
    on: ["cidr"],
    signature: "ip(cidr) -> ip",
    example: `cidr("10.1.2.3/8").ip() == ip("10.1.2.3")`,
    arity: [1, 1],
    apply: (site, range) => (range instanceof Cidr ? Cidr.address(range) : noSuchOverload("ip", site, range)),
  },
  onText(
    "isIP",
    "bool",
    `isIP("10.0.0.1") && isIP("::1") && !isIP("10.0.0.01") && !isIP("10.0.0.0/8")`,
    (text) => parseIp(text) !== undefined,
  ),
  onText("ip.isCanonical", "bool", `ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1")`, (text, site) => {
    const address = parseIp(text);
    return address === undefined ? functionFault("ip.isCanonical: no address", site) : Opaque.text(address) === text;
  }),
  onIp("family", "int", `ip("10.0.0.1").family() == 4 && ip("::1").family() == 6`, (address) => Ip.family(address)),
  test("isUnspecified", `ip("0.0.0.0").isUnspecified() && ip("::").isUnspecified()`, ({ bits }) => bits === 0n),
  test("isLoopback", `ip("127.0.0.1").isLoopback() && ip("::1").isLoopback()`, isLoopback),
  test(
    "isLinkLocalMulticast",
    `ip("224.0.0.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast()`,
    isLinkLocalMulticast,
  ),
  test(
    "isLinkLocalUnicast",
    `ip("169.254.169.254").isLinkLocalUnicast() && ip("fe80::1").isLinkLocalUnicast()`,
    isLinkLocalUnicast,
  ),
  test(
    "isGlobalUnicast",
    `ip("10.0.0.1").isGlobalUnicast() && !ip("224.0.0.1").isGlobalUnicast()`,
    (address) =>
      !(address.bits === 0n || isLoopback(address) || isMulticast(address) || isLinkLocalUnicast(address)) &&
      !(address.isV4 && address.bits === 0xffff_ffffn), // the broadcast address
  ),
];

interface Address {
  readonly isV4: boolean;
  readonly bits: bigint;
}

function isLoopback({ isV4, bits }: Address): boolean {
  return isV4 ? bits >> 24n === 127n : bits === 1n;
}

function isMulticast({ isV4, bits }: Address): boolean {
  return isV4 ? bits >> 28n === 0xen : bits >> 120n === 0xffn;
}

/** 224.0.0.0/24, and every ff?2::/16: the low half of the second byte is the scope. */
function isLinkLocalMulticast({ isV4, bits }: Address): boolean {
  return isV4 ? bits >> 8n === 0xe00000n : bits >> 120n === 0xffn && ((bits >> 112n) & 0xfn) === 2n;
}

function isLinkLocalUnicast({ isV4, bits }: Address): boolean {
  return isV4 ? bits >> 16n === 0xa9fen : bits >> 118n === 0x3fan; // 169.254.0.0/16 and fe80::/10
}

function onIp(name: string, gives: string, example: string, apply: (address: Ip) => Value): CelFunction {
  return {
    name,
    signature: `${name}(ip) -> ${gives}`,
    example,
    arity: [1, 1],
    apply: (site, address) => (address instanceof Ip ? apply(address) : noSuchOverload(name, site, address)),
  };
}

function test(name: string, example: string, holds: (address: Address) => boolean): CelFunction {
  return onIp(name, "bool", example, (address) => holds({ isV4: Ip.family(address) === 4, bits: Ip.bits(address) }));
}
