/**
 * Long text in less room for annotations: deflated, then base64. Anybody may have written an annotation, so text that
 * would unpack to more than ours ever does is refused.
 */
import { deflateSync, Inflate } from "fflate";

const PREFIX = "deflate:";
/** Larger than an inventory with the longest names that Kubernetes allows. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;
/** Packed bytes per step: they unpack to at most a megabyte. */
const SLICE_BYTES = 1024;
/** Bytes per step, because they are arguments of one call. */
const TEXT_SLICE = 8192;

export function isPacked(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** The same text gives the same packed text. */
export function pack(text: string): string {
  return PREFIX + toBase64(deflateSync(new TextEncoder().encode(text)));
}

/** The inverse of `pack`; returns text that is not packed unchanged. @returns undefined when it cannot be unpacked */
export function unpack(text: string): string | undefined {
  if (!isPacked(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(inflated(fromBase64(text.slice(PREFIX.length))));
  } catch {
    return undefined; // somebody edited it
  }
}

function inflated(packed: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const inflate = new Inflate((part) => {
    size += part.length;
    parts.push(part);
  });
  for (let at = 0; at < packed.length; at += SLICE_BYTES) {
    inflate.push(packed.subarray(at, at + SLICE_BYTES), at + SLICE_BYTES >= packed.length);
    if (size > MAX_UNPACKED_BYTES) throw new RangeError("unpacks to more than an inventory has");
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += TEXT_SLICE)
    binary += String.fromCharCode(...bytes.subarray(at, at + TEXT_SLICE));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
