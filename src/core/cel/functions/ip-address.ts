/** Internet addresses and ranges of them as values: read strictly, written in the canonical form of RFC 5952. */
import { Opaque } from "../value.ts";

/** An address without zone; IPv4 inside IPv6 is refused, as in Kubernetes. */
export class Ip extends Opaque {
  readonly #family: 4 | 6;
  readonly #bits: bigint;
  constructor(family: 4 | 6, bits: bigint) {
    super("ip", addressText(family, bits));
    this.#family = family;
    this.#bits = bits;
  }
  static family(box: Ip): 4 | 6 {
    return box.#family;
  }
  /** 32 or 128 bits as one number. */
  static bits(box: Ip): bigint {
    return box.#bits;
  }
}

/** An address and how many of its bits name the network. The other bits stay as written. */
export class Cidr extends Opaque {
  readonly #address: Ip;
  readonly #length: number;
  constructor(address: Ip, length: number) {
    super("cidr", `${Opaque.text(address)}/${length}`);
    this.#address = address;
    this.#length = length;
  }
  static address(box: Cidr): Ip {
    return box.#address;
  }
  /** The prefix length, 0 to 32 or 128. */
  static prefixLength(box: Cidr): number {
    return box.#length;
  }
}

/** @returns undefined when the text is not an address */
export function parseIp(text: string): Ip | undefined {
  if (text.length > 45) return undefined; // the longest form
  const isV6 = text.includes(":");
  const bits = isV6 ? bitsOfV6(text) : bitsOfV4(text);
  if (bits === undefined || (isV6 && bits >> 32n === 0xffffn)) return undefined;
  return new Ip(isV6 ? 6 : 4, bits);
}

/** @returns undefined when the text is not a range */
export function parseCidr(text: string): Cidr | undefined {
  const [, written = "", digits = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text.slice(0, 64)) ?? [];
  const address = parseIp(written);
  if (address === undefined || text.length > 64) return undefined;
  return Number(digits) <= width(address) ? new Cidr(address, Number(digits)) : undefined;
}

/** The address with the bits after the prefix set to 0. */
export function maskedTo(address: Ip, length: number): Ip {
  const below = BigInt(width(address) - length);
  return new Ip(Ip.family(address), (Ip.bits(address) >> below) << below);
}

function width(address: Ip): number {
  return Ip.family(address) === 4 ? 32 : 128;
}

/** Four numbers without leading zeros. */
function bitsOfV4(text: string): bigint | undefined {
  const parts = text.split(".");
  const isWritten =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isWritten ? parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) : undefined;
}

/** Eight groups; `::` once for omitted groups, four numbers for the last two. */
function bitsOfV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? [];
  const embedded = last.at(-1)?.includes(".") === true ? bitsOfV4(last.pop() ?? "") : null;
  if (embedded === undefined) return undefined;
  if (embedded !== null) last.push((embedded >> 16n).toString(16), (embedded & 0xffffn).toString(16));
  const [first = [], second = []] = groups;
  const missing = 8 - first.length - second.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...first, ...Array<string>(missing).fill("0"), ...second];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function addressText(family: 4 | 6, bits: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((by) => (bits >> by) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => (bits >> BigInt(112 - index * 16)) & 0xffffn);
  const [start, length] = longestZeros(groups);
  const written = (part: readonly bigint[]) => part.map((group) => group.toString(16)).join(":");
  return length < 2 ? written(groups) : `${written(groups.slice(0, start))}::${written(groups.slice(start + length))}`;
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly bigint[]): readonly [start: number, length: number] {
  let [start, length] = [0, 0];
  for (let at = 0; at < groups.length; at += 1) {
    const end = groups.findIndex((group, index) => index >= at && group !== 0n);
    const run = (end < 0 ? groups.length : end) - at;
    if (run > length) [start, length] = [at, run];
  }
  return [start, length];
}
