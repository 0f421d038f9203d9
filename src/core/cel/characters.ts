/** Positions in texts. Authors see positions in code points; JavaScript's text counts UTF-16 units. */
import { spend } from "./budget.ts";

/** How many code points a text has. */
export function countCharacters(text: string): number {
  spend(text.length >> 4);
  let count = text.length;
  for (let at = 1; at < text.length; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) count -= 1;
  }
  return count;
}

/** The offset in UTF-16 units of the `position`th code point; undefined when it is negative or beyond the end. */
export function offsetOf(text: string, position: number): number | undefined {
  spend(text.length >> 4);
  if (position < 0 || position > text.length) return undefined;
  let offset = 0;
  for (let left = position; left > 0; left -= 1) {
    if (offset >= text.length) return undefined;
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}
