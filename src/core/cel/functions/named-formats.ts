/** Kubernetes' formats of names and texts: `format.dns1123Label().validate(text)` gives the problems, or nothing. */
import { spend } from "../budget.ts";
import { Fault, Opaque, Optional, type Site } from "../value.ts";
import { base64Bytes } from "./encoders.ts";
import { noSuchOverload, onText, type CelFunction } from "./function.ts";
import { toTimestamp } from "./time.ts";
import { parseUrl } from "./url-value.ts";

/** Gives one sentence for each problem of a text. */
type Check = (text: string) => readonly string[];

class Format extends Opaque {
  readonly #check: Check;
  constructor(name: string, check: Check) {
    super("format", name);
    this.#check = check;
  }
  static check(box: Format, text: string): readonly string[] {
    return box.#check(text);
  }
}

const LABEL = "lower-case letters, digits and '-', with a letter or digit first and last";
const dns1123Label = matching(63, /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/, LABEL);
const dns1123Subdomain = matching(
  253,
  /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  `parts joined by '.', each of ${LABEL}`,
);
const dns1035Label = matching(63, /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/, `${LABEL}, the first a letter`);
const NAME = "letters, digits, '-', '_' and '.', with a letter or digit first and last";
const plainName = matching(63, /^[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?$/, NAME);

const FORMATS: ReadonlyMap<string, Format> = new Map(
  Object.entries({
    dns1123Label,
    dns1123Subdomain,
    dns1035Label,
    dns1123LabelPrefix: prefixOf(dns1123Label),
    dns1123SubdomainPrefix: prefixOf(dns1123Subdomain),
    dns1035LabelPrefix: prefixOf(dns1035Label),
    qualifiedName,
    labelValue: (text) => (text === "" ? [] : plainName(text)),
    uri: testing((text) => parseUrl(text) !== undefined, "an absolute URL, or a path from the root"),
    uuid: matching(36, /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i, "32 hexadecimal digits as 8-4-4-4-12"),
    byte: testing((text) => base64Bytes(text) !== undefined, "base64"),
    date: testing((text) => isTime(text, /^\d{4}-\d\d-\d\d$/), "a date such as 2006-01-02"),
    datetime: testing((text) => isTime(text, /[Tt ].*(?:[Zz]|[+-]\d\d:\d\d)$/), "a time such as 2006-01-02T15:04:05Z"),
  } satisfies Record<string, Check>).map(([name, check]) => [name, new Format(name, check)] as const),
);

const SITE: Site = { source: { text: "", path: "" }, start: 0, end: 0 };

export const namedFormatFunctions: readonly CelFunction[] = [
  onText(
    "format.named",
    "optional",
    `format.named("dns1123Label").hasValue() && !format.named("nothing").hasValue()`,
    (name) => new Optional(FORMATS.get(name)),
  ),
  {
    name: "validate",
    signature: "validate(format, string) -> optional",
    example: `!format.dns1123Label().validate("a-b").hasValue() && format.dns1123Label().validate("A").value().size() == 1`,
    arity: [2, 2],
    apply: (site, format, text) => {
      if (!(format instanceof Format) || typeof text !== "string")
        return noSuchOverload("validate", site, format, text);
      spend(text.length >> 4);
      const troubles = Format.check(format, text);
      return new Optional(troubles.length === 0 ? undefined : troubles);
    },
  },
  ...[...FORMATS].map(([name, format]): CelFunction => ({
    name: `format.${name}`,
    signature: `format.${name}() -> format`,
    example: `format.${name}() == format.named("${name}").value()`,
    arity: [0, 0],
    apply: () => format,
  })),
];

function testing(isValid: (text: string) => boolean, wanted: string): Check {
  return (text) => (isValid(text) ? [] : [`must be ${wanted}`]);
}

/** Tries the pattern only on text that is short enough, which also keeps it cheap. */
function matching(longest: number, pattern: RegExp, wanted: string): Check {
  return (text) => {
    if (text === "") return ["must not be empty"];
    if (text.length > longest) return [`must have at most ${longest} characters`];
    return pattern.test(text) ? [] : [`must be ${wanted}`];
  };
}

/** A name that gets something appended may end in a dash. */
function prefixOf(check: Check): Check {
  return (text) => check(text.length > 1 && text.endsWith("-") ? `${text.slice(0, -1)}a` : text);
}

/** A name, or a subdomain, a slash and a name. */
function qualifiedName(text: string): readonly string[] {
  const [prefix, ...rest] = text.split("/", 3);
  if (rest.length === 0) return plainName(text);
  if (rest.length > 1) return ["must have at most one '/'"];
  return [
    ...dns1123Subdomain(prefix ?? "").map((trouble) => `prefix: ${trouble}`),
    ...plainName(rest[0] ?? "").map((trouble) => `name: ${trouble}`),
  ];
}

function isTime(text: string, form: RegExp): boolean {
  return text.length <= 64 && form.test(text) && !(toTimestamp(text, SITE) instanceof Fault);
}
