/** `koreo test --faults`: Workflows that hold under any single fault, and one that its author thought would. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { faultCases } from "../../../src/cli/test-faults.ts";
import { koreo } from "./koreo.ts";

/** Makes its note in the first run alone. @param skipIf - how it tells that this is not the first */
const definitions = (skipIf: string) => `
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: mark, namespace: defs }
spec:
  return: { made: true }
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: note, namespace: defs }
spec:
  apiConfig: { apiVersion: v1, kind: ConfigMap, plural: configmaps, name: '=inputs.name + "-note"', namespace: apps }
  resource: { data: { text: hello } }
  create: { delay: 1 }
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: once, namespace: defs }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Note }
  steps:
    - label: mark
      ref: { kind: ValueFunction, name: mark }
      state: { made: =value.made }
    - label: note
      ref: { kind: ResourceFunction, name: note }
      skipIf: ${skipIf}
      inputs: { name: =parent.metadata.name }
---
apiVersion: koreo.dev/v1beta1
kind: WorkflowTest
metadata: { name: once, namespace: defs }
spec:
  workflowRef: { name: once }
  trigger: { metadata: { name: one, namespace: apps }, spec: {} }
  testCases:
    - label: makes the note
      expectObjects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: one-note }, data: { text: hello } }]
    - label: runs no more than once
      runs: 1
      expectActions: []
`;
const SOUND = "=false";
const BROKEN = `"='made' in (parent.state == null ? {} : parent.state)"`;

describe("koreo test --faults", () => {
  let [sound, broken] = ["", ""];
  beforeAll(async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "koreo-faults-"));
    [sound, broken] = [path.join(dir, "sound.yaml"), path.join(dir, "broken.yaml")];
    await writeFile(sound, definitions(SOUND));
    await writeFile(broken, definitions(BROKEN));
  });

  it("passes a Workflow that comes to the same end whatever goes wrong, and says how much did", async () => {
    const { code, stdout } = await koreo(["test", sound, "--faults"]);
    expect(stdout).toMatch(/^PASS {2}defs\/once {2}Workflow once, 2 cases, \d\d+ single faults$/m);
    expect(code).toBe(0);
  });

  it("finds what only works while nothing goes wrong, and how to see it again", async () => {
    expect((await koreo(["test", broken])).code).toBe(0);
    const { code, stdout } = await koreo(["test", broken, "--faults"]);
    expect(code).toBe(1);
    const failed = /FAIL {2}makes the note, request (\d+) \(create ConfigMap apps\/one-note\): (unavailable)$/m.exec(
      stdout,
    );
    expect(stdout).toContain("ConfigMap apps/one-note: it is not there");
    const again = `--fault ${failed?.[1] ?? ""}:unavailable --filter 'makes the note'`;
    expect(stdout).toContain(`again: koreo test ${broken} ${again}`);
    const one = await koreo([
      "test",
      broken,
      "--fault",
      `${failed?.[1] ?? ""}:unavailable`,
      "--filter",
      "makes the note",
    ]);
    expect(one.code).toBe(1);
    expect(one.stdout).toContain(", 1 single faults");
    const other = await koreo(["test", broken, "--fault", "1:unavailable"]);
    expect(other.code).toBe(0);
    const none = await koreo(["test", broken, "--fault", "999:unavailable"]);
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("no fault was played");
  });

  it("passes the examples", { timeout: 120_000 }, async () => {
    const { code, stdout } = await koreo(["test", "--faults", path.resolve(import.meta.dirname, "../../../examples")]);
    expect(code).toBe(0);
    expect(stdout.match(/\d+ single faults$/gm)).toHaveLength(2);
  });

  it("tells it to machines", async () => {
    const { stdout } = await koreo(["test", broken, "--faults", "-o", "json"]);
    const { tests } = JSON.parse(stdout) as { tests: readonly { success: boolean; faults: { played: number } }[] };
    expect(tests).toMatchObject([{ success: false, faults: { omitted: 0 } }]);
    expect(tests[0]?.faults.played).toBeGreaterThan(10);
    expect((await koreo(["test", broken, "--faults", "-o", "junit"])).stdout).toMatch(
      /<failure message="again: koreo test \S+ --fault/,
    );
  });

  it("tells five failures of a test, and of the others how many there are, under names that a filter finds", () => {
    const failures = Array.from({ length: 7 }, (_, at) => {
      const disturbance = { at, fault: "crash" as const };
      return { label: at < 6 ? "one's case" : "another", disturbance, request: "create A a", problem: "", unmet: [] };
    });
    const cases = faultCases(failures, ["a dir", "b.yaml"]);
    expect(cases).toHaveLength(6);
    expect(cases[0]).toMatchObject({
      label: "one's case, request 1 (create A a): crash",
      message: `again: koreo test 'a dir' b.yaml --fault 1:crash --filter 'one'\\''s case'`,
    });
    expect(cases[5]).toMatchObject({ label: "one's case; another: 2 more faults", status: "failed" });
    expect(faultCases(failures.slice(0, 5), [])).toHaveLength(5);
  });

  it("says how a fault is written", async () => {
    const { code, stderr } = await koreo(["test", sound, "--fault", "seven"]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "--fault seven: write NUMBER:FAULT, such as 7:lost-answer; FAULT is one of conflict, throttled",
    );
  });
});
