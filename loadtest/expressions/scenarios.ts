/** What the engine costs where it is used: one ValueFunction, a Workflow to compile, the memory of a program. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compileExpression } from "../../src/core/cel/compile.ts";
import type { Program } from "../../src/core/cel/program.ts";
import type { Value } from "../../src/core/cel/value.ts";
import { definitionOf, type DefinitionSource } from "../../src/core/manifest/definition.ts";
import { compileCatalog } from "../../src/core/plan/catalog.ts";
import { evaluateValueFunction } from "../../src/core/plan/value-function.ts";
import { BINDINGS, CASES } from "./cases.ts";
import { interleaved } from "./timing.ts";

const API = "koreo.dev/v1beta1";
const NAMESPACE = "platform";

function definition(kind: string, name: string, spec: Value): DefinitionSource {
  const found = definitionOf({ apiVersion: API, kind, metadata: { name, namespace: NAMESPACE }, spec }, NAMESPACE);
  if (found === undefined) throw new Error(`${kind} ${name} is no definition`);
  return found;
}

/** One precondition, one local, and a map of four keys, one of them a map. */
function labels(name: string): DefinitionSource {
  return definition("ValueFunction", name, {
    preconditions: [{ assert: "=inputs.replicas > 0", skip: { message: "nothing to run" } }],
    locals: { host: "=inputs.name + '-' + inputs.region" },
    return: {
      name: "=inputs.name",
      host: "=locals.host",
      replicas: "=inputs.replicas",
      labels: { app: "=inputs.labels.app", team: "=inputs.labels.team" },
    },
  });
}

/** Reconciles of one ValueFunction a second, on one core. */
export function valueFunctionsPerSecond(rounds: number): number {
  const catalog = compileCatalog([labels("labels")], { namespaces: [NAMESPACE] });
  const compiled = catalog.find("ValueFunction", "labels", NAMESPACE)?.compiled;
  if (compiled?.kind !== "ValueFunction" || compiled.prepared.kind !== "ready") throw new Error("not ready");
  const { plan } = compiled.prepared;
  const run = () => evaluateValueFunction(plan, BINDINGS.inputs, "labels");
  const outcome = run();
  if (outcome.kind !== "ok") throw new Error(`the function came to ${outcome.kind}`);
  const [nanos = NaN] = interleaved([run], rounds);
  return 1e9 / nanos;
}

/** Milliseconds to compile a Workflow of 20 steps and the 10 functions it uses. */
export function workflowCompileMs(rounds: number): number {
  const functions = Array.from({ length: 10 }, (_, index) => labels(`labels-${index}`));
  const workflow = definition("Workflow", "web-app", {
    crdRef: { apiGroup: "platform.koreo.dev", version: "v1", kind: "WebApp" },
    steps: Array.from({ length: 20 }, (_, index) => ({
      label: `step_${index}`,
      ref: { kind: "ValueFunction", name: `labels-${index % 10}` },
      inputs: {
        name: "=parent.spec.name",
        region: "=parent.spec.region",
        labels: "=parent.spec.labels",
        replicas: index === 0 ? "=parent.spec.replicas" : `=steps.step_${index - 1}.replicas`,
      },
    })),
  });
  const sources = [...functions, workflow];
  const compile = () => compileCatalog(sources, { namespaces: [NAMESPACE] });
  const faulty = compile().entries.filter(
    ({ compiled }) => "prepared" in compiled && compiled.prepared.kind !== "ready",
  );
  if (faulty.length > 0) throw new Error("a function is not ready");
  const [nanos = NaN] = interleaved([compile], rounds);
  return nanos / 1e6;
}

/** An expression of 1,600 characters: a map of the nine, over and over. */
function longSource(variant: number): string {
  let text = `{'variant': ${variant}`;
  for (let index = 0; text.length < 1480; index += 1) {
    const { source } = CASES[index % CASES.length] ?? { source: "1" };
    if (text.length + source.length < 1580) text += `, 'k${index}': ${source}`;
  }
  return `${text}}`.padEnd(1600);
}

/** Bytes of heap that one compiled program of 1,600 characters keeps, its text included. */
export function heapPerProgram(count: number): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const compile = (variant: number): Program => {
    const compiled = compileExpression(longSource(variant), "spec.return");
    if (compiled.kind === "fault") throw new Error(compiled.faults[0]?.message);
    return compiled.program;
  };
  for (let variant = 0; variant < 50; variant += 1) compile(variant);
  const programs: Program[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let variant = 0; variant < count; variant += 1) programs.push(compile(variant));
  collect();
  return (process.memoryUsage().heapUsed - before) / programs.length;
}
