/**
 * The public conformance suite of CEL as flat cases, and which of them are about something this language does not have.
 * What is left out is counted with its reason (`Exclusion`); everything else is run by `cel-spec.test.ts`.
 */
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";

/** One case; `id` is `file/section/name`, with `#2` and so on where the suite uses a name twice. */
export interface SpecCase {
  readonly id: string;
  readonly file: string;
  readonly expr: string;
  /** Variables, as the suite writes values (`cel-spec-values.ts`). */
  readonly bindings: Readonly<Record<string, unknown>>;
  /** The expected value as the suite writes it. Without one, and without an error, `true` is expected. */
  readonly value: unknown;
  /** The message of the expected error. */
  readonly error: string | undefined;
  readonly exclusion: Exclusion | undefined;
}

/** Why a case is not run. */
export type Exclusion = "protobuf" | "type check only" | "cel.block";

export const EXCLUSIONS: Readonly<Record<Exclusion, string>> = {
  protobuf: "needs protobuf messages, their enums or their wrapper types: values here are JSON and what CEL adds to it",
  "type check only": "asks a static type checker for a type and evaluates nothing; this language is dynamically typed",
  "cel.block": "notation between an optimizer and its evaluator, which no author writes",
};

/** The files of the standard language and of the extension libraries; every other file is about protobuf. */
export const STANDARD: readonly string[] = [
  ..."basic comparisons conversions dynamic fields fp_math integer_math lists logic macros namespace".split(" "),
  ..."parse plumbing string timestamps type_deductions".split(" "),
];
export const EXTENSIONS: readonly string[] = [
  ..."bindings_ext block_ext encoders_ext macros2 math_ext optionals string_ext".split(" "),
];

interface Original {
  readonly name?: string;
  readonly expr: string;
  readonly bindings?: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly value?: unknown;
  readonly typedResult?: { readonly result?: unknown };
  readonly evalError?: { readonly errors?: readonly { readonly message?: string }[] };
  readonly checkOnly?: boolean;
}

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: Original }[];
}

/** Every case of the suite, in its order. */
export function specCases(): readonly SpecCase[] {
  const seen = new Map<string, number>();
  return ((tests as Suite).suites ?? []).flatMap((file) =>
    (file.suites ?? []).flatMap((section) =>
      (section.tests ?? []).map(({ original }) => {
        const id = `${file.name}/${section.name}/${original.name ?? original.expr}`;
        const count = (seen.get(id) ?? 0) + 1;
        seen.set(id, count);
        return specCase(count > 1 ? `${id}#${count}` : id, file.name, original);
      }),
    ),
  );
}

function specCase(id: string, file: string, original: Original): SpecCase {
  const { expr, bindings = {}, value, typedResult, evalError } = original;
  return {
    id,
    file,
    expr,
    bindings: Object.fromEntries(Object.entries(bindings).map(([name, binding]) => [name, binding.value])),
    value: value ?? typedResult?.result,
    error: evalError === undefined ? undefined : (evalError.errors?.[0]?.message ?? ""),
    exclusion: exclusionOf(file, original),
  };
}

/** Names of message types, enums and wrappers; times and durations are values here, building them as messages is not. */
const PROTOBUF = new RegExp(
  [
    String.raw`Test(?:All(?:Types|RequiredTypes)|Required)\b|GlobalEnum|NestedEnum|NestedMessage|enumValue`,
    String.raw`google\.protobuf\.(?!Timestamp\b|Duration\b)`,
    String.raw`\b(?:Timestamp|Duration|Struct|Value|ListValue|Any|\w+Value)\s*\{`,
    String.raw`proto\.(?:get|has)Ext`,
  ].join("|"),
);

function exclusionOf(file: string, original: Original): Exclusion | undefined {
  if (original.checkOnly === true) return "type check only";
  if (file === "block_ext") return "cel.block";
  const { expr, bindings, value, typedResult } = original;
  const said = JSON.stringify({ bindings, value, typedResult });
  // The suite writes its comments between the parts of names.
  const text = expr.replace(/\/\/ @\n/g, "");
  return PROTOBUF.test(text) || PROTOBUF.test(said) ? "protobuf" : undefined;
}
