/** What an expression came to is in no message of ours, wherever it was not what was asked for: its kind is (invariant 10). */
import { describe, expect, it } from "vitest";
import { keeps, REQUEST, request, step, workflow, WorkerBench } from "./worker-bench.ts";

const CANARY = "canary-7f3a91-value";
/** A bool, a text and a number that nobody else may read; the text is in the message of nothing that the author wrote. */
const SPEC = `{ text: hello, secret: ${CANARY}, number: 4711471147114711 }`;

const calls = (logic: string, more = "") => `
    - label: one
      ${logic}
      inputs: { spec: =parent.spec }
      ${more}`;
const REF = "ref: { kind: ResourceFunction, name: one }";
const switched = (on: string, more = "") =>
  `refSwitch: { switchOn: ${on}, cases: [{ case: other, kind: ValueFunction, name: checks${more} }] }`;
const checks = (precondition: string) => `
---
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: checks, namespace: defs }
spec:
  preconditions: [${precondition}]
  return: { a: 1 }
`;
const REFUSING = checks("{ assert: =false, permFail: { message: as the author says } }");
const templated = (name: string) => keeps("one").replace(/resource: .*/, `resourceTemplateRef: { name: ${name} }`);

describe("a value that is not what was asked for", () => {
  it.each([
    {
      name: "in skipIf",
      given: workflow(step("one", "skipIf: =parent.spec.secret")) + keeps("one"),
      want: "`skipIf` must evaluate to a bool, received string",
    },
    {
      name: "in skipIf, a number",
      given: workflow(step("one", "skipIf: =parent.spec.number")) + keeps("one"),
      want: "`skipIf` must evaluate to a bool, received int",
    },
    {
      name: "in switchOn, of no kind that can match",
      given: workflow(calls(switched("=double(parent.spec.number)"))) + REFUSING,
      want: "`switchOn` must evaluate to a string or int value, received double",
    },
    {
      name: "in switchOn, without a case for it",
      given: workflow(calls(switched("=parent.spec.secret"))) + REFUSING,
      want: "`refSwitch` must match one case or a default must be provided, failed to match this string.",
    },
    {
      name: "in switchOn, where the default is taken",
      given: workflow(calls(switched("=parent.spec.secret", ", default: true"))) + REFUSING,
      want: "as the author says",
    },
    {
      name: "in switchOn, a number, where the default is taken",
      given: workflow(calls(switched("=parent.spec.number", ", default: true"))) + REFUSING,
      want: "as the author says",
    },
    {
      name: "as the name of a template",
      given: workflow(calls(REF)) + templated("=inputs.spec.number"),
      want: "Expected string, but received int at `spec.resourceTemplateRef.name`",
    },
    {
      name: "as a delay",
      given:
        workflow(step("one").replace("ResourceFunction, name: one", "ValueFunction, name: checks")) +
        checks("{ assert: =false, retry: { message: wait, delay: =inputs.spec.secret } }"),
      want: "Unknown predicate type: retry (map)",
    },
    {
      name: "as what a predicate comes to",
      given:
        workflow(step("one").replace("ResourceFunction, name: one", "ValueFunction, name: checks")) +
        checks("{ assert: =false, permFail: { text: =inputs.spec.secret } }"),
      want: "Unknown predicate type: permFail (map)",
    },
  ])("$name is told by its kind, in status and Events", async ({ given, want }) => {
    const bench = await WorkerBench.start(given + request("one", SPEC));
    await bench.run("one");
    await bench.run("one");
    bench.stop();
    const { spec: _own, ...trigger } = (await bench.get(REQUEST, "one")) ?? {};
    const told = JSON.stringify([trigger, bench.events]);
    expect((await bench.condition("one")).message).toContain(want);
    expect(bench.events.map(({ message }) => message).join()).toContain(want);
    expect(told).not.toMatch(/canary|47114711/);
  });
});
