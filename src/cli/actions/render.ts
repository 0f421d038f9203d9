/** `koreo render`: shows without a cluster what a function gives for inputs: a value, or the request it would send. */
import { runResourceFunction } from "../../core/function-test/mock-api.ts";
import { withoutRecord } from "../../core/function-test/judge.ts";
import { outcomeText, type Outcome } from "../../core/outcome.ts";
import type { DefinitionEntry } from "../../core/plan/definition-entry.ts";
import { evaluateValueFunction } from "../../core/plan/value-function.ts";
import type { Value, ValueMap } from "../../core/cel/value.ts";
import { readSpecChecks } from "../../processes/shared/crds.ts";
import { readDefinitions, type DefinitionFiles } from "../definition-files.ts";
import { ConfigError } from "../../processes/shared/settings.ts";
import { CommandFailed } from "../failure.ts";
import { printValue, type ValueFormat } from "../print-value.ts";
import { readMap } from "../value-files.ts";

export interface RenderOptions {
  readonly inputs?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly withRecord?: true;
  readonly output: ValueFormat;
}

/** @throws CommandFailed when there is nothing to render, or the function gives neither a value nor a request */
export function render(targets: readonly string[], options: RenderOptions): void {
  const definitions = readDefinitions(targets, readSpecChecks());
  for (const { file, line, column, message } of definitions.unreadable)
    console.error(`${file}:${line}:${column}: ${message}`);
  const entry = chosen(definitions, options.name);
  const inputs = options.inputs === undefined ? {} : readMap(options.inputs);
  const resource = options.resource === undefined ? undefined : readMap(options.resource);
  if (entry.compiled.kind === "ResourceFunction") renderResource(entry, definitions, { ...options, inputs, resource });
  else renderValue(entry, { ...options, inputs, resource });
}

interface Given {
  readonly inputs: ValueMap;
  readonly resource: ValueMap | undefined;
  readonly withRecord?: true;
  readonly output: ValueFormat;
}

function renderResource(
  { source, compiled, faults }: DefinitionEntry,
  { catalog }: DefinitionFiles,
  given: Given,
): void {
  if (compiled.kind !== "ResourceFunction") return;
  if (compiled.prepared.kind === "notReady") throw notReady(source.name, faults);
  const { inputs, resource, output } = given;
  sayMissing(compiled.prepared.plan.inputNames, inputs);
  const templates = (name: string) => catalog.template(name, source.namespace);
  const answer = runResourceFunction({
    plan: compiled.prepared.plan,
    inputs,
    resource,
    location: source.name,
    templates,
  });
  const { request, outcome } = answer;
  if (request === undefined) {
    if (outcome.kind !== "ok") throw new CommandFailed(`${source.name}: ${textOf(outcome)}`);
    console.error("# nothing to send: the object is as it should be; the function returns:");
    printValue(outcome.value, output);
    return;
  }
  console.error(`# ${request.method}: ${textOf(outcome)}`);
  printValue(given.withRecord === true ? request.body : withoutRecord(request.body), output);
}

function renderValue({ source, compiled, faults }: DefinitionEntry, { inputs, resource, output }: Given): void {
  if (compiled.kind !== "ValueFunction") return;
  if (compiled.prepared.kind === "notReady") throw notReady(source.name, faults);
  sayMissing(compiled.prepared.plan.inputNames, inputs);
  const outcome = evaluateValueFunction(compiled.prepared.plan, inputs, source.name, resource ?? {});
  if (outcome.kind !== "ok") throw new CommandFailed(`${source.name}: ${textOf(outcome)}`);
  printValue(outcome.value, output);
}

/** A function may go far without inputs that were forgotten, and then fail where nothing mentions them. */
function sayMissing(names: readonly string[], inputs: ValueMap): void {
  const missing = names.filter((name) => !Object.hasOwn(inputs, name));
  if (missing.length > 0) console.error(`# not given by --inputs: ${missing.join(", ")}`);
}

/** The function with that name; without a name, the only function there is. */
function chosen({ catalog }: DefinitionFiles, name: string | undefined): DefinitionEntry {
  const functions = catalog.entries.filter(({ source }) => source.kind.endsWith("Function"));
  const named = name === undefined ? functions : functions.filter(({ source }) => source.name === name);
  const [found, ...more] = named;
  if (found !== undefined && more.length === 0) return found;
  const names = functions.map(({ source }) => `${source.kind} ${source.name}`).join(", ");
  if (functions.length === 0) throw new CommandFailed("no ValueFunction or ResourceFunction found");
  if (name === undefined) throw new ConfigError(`several functions found: choose one with --name (${names})`);
  throw new CommandFailed(`no single function "${name}" (${names})`);
}

function notReady(name: string, faults: DefinitionEntry["faults"]): CommandFailed {
  return new CommandFailed(`${name} cannot run:\n${faults.map(({ message }) => `  ${message}`).join("\n")}`);
}

function textOf(outcome: Outcome<Value>): string {
  return outcome.kind === "ok" ? "Ok" : outcomeText(outcome);
}
