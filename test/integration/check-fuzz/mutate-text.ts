/** Manifest files that are nearly right, as text: what YAML allows and what it does not, where values alone do not reach. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import { pathsIn, replaced } from "./mutate-value.ts";

const tens = (item: string) => Array.from({ length: 10 }, () => item).join(", ");
const bomb = (levels: number) =>
  `{ l0: &l0 [${tens("x")}]${Array.from({ length: levels }, (_, n) => `, l${n + 1}: &l${n + 1} [${tens(`*l${n}`)}]`).join("")} }`;
const long = (length: number, times: number) =>
  `{ t: &t ${"x".repeat(length)}, u: [${Array.from({ length: times }, () => "*t").join(", ")}] }`;

/** Pieces of YAML that stand in place of a value. */
const PIECES: Readonly<Record<string, readonly string[]>> = {
  "a cycle": ["&c [*c]", "&c { a: *c }", "&c { a: [{ b: *c }] }", "{ a: &c { <<: *c } }"],
  "a bomb": [bomb(1), bomb(2), bomb(3), bomb(5), bomb(9), long(100_000, 5), long(60_000, 60)],
  "an alias": [
    "{ a: &a 1, b: *a }",
    "*nothing",
    "{ a: *later, b: &later 1 }",
    "[&k key, { *k : 1 }]",
    "[&m { a: 1 }, { *m : 1 }]",
  ],
  "a merge": [
    "{ <<: { a: 1 }, b: 2 }",
    "{ <<: { a: 1 }, a: 2 }",
    "{ a: 2, <<: { a: 1 } }",
    "{ <<: [{ a: 1 }, { a: 2, b: 3 }] }",
    ...[
      "{ <<: 1 }",
      "{ <<: }",
      "{ <<: [1] }",
      "{ <<: { a: 1 }, <<: { b: 1 } }",
      "{ '<<': { a: 1 } }",
      "{ <<: { __proto__: { a: 1 } } }",
    ],
  ],
  "a key twice": [
    "{ a: 1, a: 2 }",
    "{ a: 1, 'a': 2 }",
    "{ 1: 1, '1': 2 }",
    "{ yes: 1, on: 2 }",
    "{ __proto__: 1, __proto__: 2 }",
    "{ 1: a, 0x1: b }",
  ],
  "an odd key": [
    "{ 1: a }",
    "{ true: a }",
    "{ y: a }",
    "{ null: a }",
    "{ ~: a }",
    "{ 1.5: a }",
    "{ ? [a] : b }",
    "{ ? { a: 1 } : b }",
    "{ .inf: a }",
    "{ ? a }",
    "{ '': a }",
  ],
  "an odd scalar": [
    "y",
    "n",
    "yes",
    "Off",
    "0777",
    "0o17",
    "0x1F",
    "0b11",
    "1_000",
    "1e3",
    "1e400",
    ".inf",
    ".nan",
    "-.inf",
    "08",
    "1:30",
    "2026-01-01",
    "~",
    "99999999999999999999",
    "-0",
    "+1",
    ".5",
    "1.",
  ],
  "a tag": [
    "!!str 1",
    "!!int '1'",
    "!!int x",
    "!!float 1",
    "!!bool yes",
    "!!null x",
    "!foo a",
    "!!binary aGVsbG8=",
    "!!set { a }",
    "!!map [1]",
    "!e!x 1",
    "! 1",
    "!!timestamp 2026-01-01",
  ],
  "an escape": [
    '"\\u0041"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\U0001F600"',
    '"\\U00110000"',
    '"\\q"',
    '"\\/"',
    '"\\x00"',
    '"\\_\\N\\L"',
  ],
  "an odd form": [
    "[1,]",
    "[,]",
    "{ a }",
    "{ a: 1",
    "[1",
    "'a",
    '"a',
    "@a",
    "`a`",
    "%a",
    "a: b",
    "- a",
    "'a' b",
    "? a",
    "&a",
    "*",
    "|",
    "> a",
    "[a]b",
    "{a:1}",
    "#",
  ],
};

/** What is done to the whole text. */
const EDITS: Readonly<Record<string, (text: string, random: SeededRandom) => string>> = {
  "a line twice": (text, random) => lines(text, random, (line) => [line, line]),
  "a line less": (text, random) => lines(text, random, () => []),
  "a line indented": (text, random) => lines(text, random, (line) => [`${random.pick([" ", "  ", "\t"])}${line}`]),
  "a line moved out": (text, random) => lines(text, random, (line) => [line.replace(/^ {1,2}/, "")]),
  "a character less": (text, random) => splice(text, random, 1, ""),
  "a character more": (text, random) =>
    splice(
      text,
      random,
      0,
      random.pick([
        "\0",
        "\x07",
        "\x7f",
        "\x85",
        "\u2028",
        "\ufeff",
        "\ufffe",
        "\t",
        "\r",
        ":",
        "- ",
        "#",
        "'",
        '"',
        "{",
        "]",
        "&a ",
        "*a",
        "!",
        "|",
        "%",
        "😀",
        "é",
      ]) ?? "",
    ),
  "cut off": (text, random) => text.slice(0, random.below(text.length)),
  "other line ends": (text, random) => text.replaceAll("\n", random.pick(["\r\n", "\r"]) ?? "\n"),
  "a first line": (text, random) =>
    `${random.pick(["%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "%FOO bar\n---\n", "---\n", "# a comment\n", "\ufeff", "\n\n", "--- # x\n"])}${text}`,
};

export interface TextMutation {
  readonly what: string;
  readonly text: string;
}

const PLACE = "PLACEHOLDER-OF-A-PIECE";

/** @param write - a value as YAML */
export function mutateText(
  manifest: JsonObject,
  write: (value: JsonValue) => string,
  random: SeededRandom,
): TextMutation {
  if (random.chance(0.35)) {
    const [name, edit] = random.pick(Object.entries(EDITS)) ?? ["", (text: string) => text];
    return { what: name, text: edit(write(manifest), random) };
  }
  const [name, pieces] = random.pick(Object.entries(PIECES)) ?? ["", []];
  const piece = random.pick(pieces) ?? "";
  const path = random.pick(freePlaces(manifest)) ?? [];
  const text = write(replaced(manifest, path, PLACE)).replace(PLACE, () => piece);
  return { what: `${name} at ${path.join(".")}: ${piece.slice(0, 40)}`, text };
}

/** Places below the top: more of them where anything may stand, for there the piece alone decides. */
function freePlaces(manifest: JsonObject): ReturnType<typeof pathsIn> {
  const all = pathsIn(manifest).filter((path) => path.length > 0);
  const free = all.filter((path) =>
    ["return", "locals", "inputs", "resource", "template", "overlay", "state"].some((name) =>
      path.slice(1, -1).includes(name),
    ),
  );
  return isJsonObject(manifest["spec"]) ? [...all, ...free, ...free, ...free] : all;
}

function lines(text: string, random: SeededRandom, change: (line: string) => readonly string[]): string {
  const all = text.split("\n");
  const chosen = random.below(all.length);
  return all.flatMap((line, index) => (index === chosen ? change(line) : [line])).join("\n");
}

function splice(text: string, random: SeededRandom, removed: number, inserted: string): string {
  const place = random.below(text.length);
  return text.slice(0, place) + inserted + text.slice(place + removed);
}
