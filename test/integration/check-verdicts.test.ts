/**
 * Mutated manifests through `koreo check` and through a real API server: the verdicts are the same, or ours is stricter by a
 * listed rule; every refusal says where; and whatever is accepted can be compiled and run without an exception.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import type { Rule } from "../../src/core/check/finding.ts";
import { STRICTER } from "../../src/core/check/stricter.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { definitionOf } from "../../src/core/manifest/definition.ts";
import { chooseSeed, seededRandom } from "../support/seeded-random.ts";
import { specimens } from "./check-fuzz/corpus.ts";
import { installCrds, minorOf, STRICT_SINCE_MINOR } from "./check-fuzz/install-crds.ts";
import { makeMutants, type Mutant } from "./check-fuzz/mutants.ts";
import { koreo } from "../unit/cli/koreo.ts";
import { crashesOf } from "./check-fuzz/run-workflow.ts";
import { runEverything } from "./check-fuzz/run-mutant.ts";
import { DryRuns, FILE, ourVerdict, type OurVerdict, type ServerVerdict } from "./check-fuzz/verdicts.ts";
import { connectToTestServer, createNamespace } from "./kubernetes-fixture.ts";

const COUNT = Number(process.env["KOREO_FUZZ_COUNT"] ?? 1500);
const AT_ONCE = 16;
const TIMEOUT_MS = 60_000 + 200 * COUNT;

let cluster: ClusterAccess;
let dryRuns: DryRuns;
let isCurrent: boolean;
beforeAll(async () => {
  cluster = connectToTestServer();
  await installCrds(cluster);
  isCurrent = (await minorOf(cluster)) >= STRICT_SINCE_MINOR;
  dryRuns = new DryRuns(await createNamespace(cluster, "fuzz"));
});
afterAll(async () => {
  await dryRuns.close();
  await cluster.close();
});

interface Judged {
  readonly mutant: Mutant;
  readonly ours: OurVerdict;
  readonly server: ServerVerdict;
}

describe("mutated manifests", () => {
  beforeEach(({ skip }) => {
    if (!isCurrent) skip("older servers check less");
  });
  const seed = chooseSeed();
  const judged: Judged[] = [];
  const problems = (found: readonly (string | undefined)[]) => found.filter((each) => each !== undefined).slice(0, 20);
  const told = ({ mutant, ours, server }: Judged) =>
    `${mutant.what}\n  server: ${server.accepts ? "accepts" : server.message.slice(0, 200)}\n  check: ${
      ours.accepts
        ? "accepts"
        : ours.errors
            .map(({ rule, message }) => `[${rule}] ${message}`)
            .join("; ")
            .slice(0, 300)
    }\n${mutant.text.slice(0, 1500)}`;

  it(
    `are judged by both, ${COUNT} of them (KOREO_TEST_SEED=${seed})`,
    async () => {
      console.log(`KOREO_TEST_SEED=${seed}`);
      const pending = [...makeMutants(specimens(), COUNT, seededRandom(seed))];
      const work = async () => {
        for (let mutant = pending.pop(); mutant !== undefined; mutant = pending.pop()) {
          const ours = ourVerdict(mutant);
          const read = ours.definitions.documents.find(({ file }) => file === FILE)?.document.asServerReads;
          judged.push({ mutant, ours, server: await dryRuns.verdict(mutant, read) });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const count = (holds: (each: Judged) => boolean) => judged.filter(holds).length;
      const both = count(({ ours, server }) => ours.accepts && server.accepts);
      const neither = count(({ ours, server }) => !ours.accepts && !server.accepts);
      const onlyServer = count(({ ours, server }) => !ours.accepts && server.accepts);
      console.log(`${COUNT} mutants: both accept ${both}, both refuse ${neither}, check alone refuses ${onlyServer}`);
      expect(judged).toHaveLength(COUNT);
      // A test of nothing but refusals, or of nothing but good manifests, would prove little.
      expect(both).toBeGreaterThan(COUNT / 20);
      expect(neither).toBeGreaterThan(COUNT / 10);
    },
    TIMEOUT_MS,
  );

  it("check is never looser than the API server", () => {
    expect(
      problems(judged.map((each) => (each.ours.accepts && !each.server.accepts ? told(each) : undefined))),
    ).toEqual([]);
  });

  it("check is stricter by listed rules alone", () => {
    const unlisted = judged.filter(({ ours, server }) => {
      const isListed = ours.errors.length > 0 && ours.errors.every(({ rule }) => STRICTER[rule as Rule] !== undefined);
      return server.accepts && !ours.accepts && !isListed;
    });
    expect(problems(unlisted.map(told))).toEqual([]);
  });

  it("every refusal says where", () => {
    const placeless = judged.filter(({ ours }) =>
      ours.errors.some(
        ({ line, column, path, rule }) => line < 1 || column < 1 || (path === "" && !rule.startsWith("yaml")),
      ),
    );
    expect(problems(placeless.map(told))).toEqual([]);
  });

  it("every mutant is prepared and run without an exception, as a file and as the API server would store it", async () => {
    const thrown: string[] = [];
    for (const each of judged) {
      const { ours, server } = each;
      const stored = server.accepts ? definitionOf(server.stored, "default") : undefined;
      try {
        await runEverything(ours.definitions, stored);
      } catch (error) {
        thrown.push(`${String(error instanceof Error ? error.stack : error)}\n${told(each)}`);
      }
    }
    expect(problems(thrown)).toEqual([]);
  });

  it("no actor crashes of a Workflow that the API server would store", async () => {
    const workflows = judged.flatMap(({ mutant, server: { stored, accepts } }) =>
      accepts && isJsonObject(stored) && stored["kind"] === "Workflow" ? [{ mutant, stored }] : [],
    );
    expect(workflows.length).toBeGreaterThan(0);
    const crashes: string[] = [];
    for (const { mutant, stored } of workflows) {
      const found = await crashesOf(stored, mutant.related);
      crashes.push(...found.map((each) => `${mutant.what}: ${each}\n${mutant.text.slice(0, 1500)}`));
    }
    expect(problems(crashes)).toEqual([]);
  });

  it("one process checks them all, and says so", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "koreo-fuzz-"));
    for (const [index, { mutant }] of judged.entries()) {
      await writeFile(path.join(folder, `${index}.yaml`), mutant.text);
    }
    const { code, stdout, stderr } = await koreo(["check", folder, "-o", "json"]);
    await rm(folder, { recursive: true });
    expect(stderr).toBe("koreo: the definitions have findings\n");
    expect(code).toBe(1);
    const { errors } = JSON.parse(stdout) as { readonly errors: number };
    expect(errors).toBeGreaterThan(COUNT / 3);
  });
});
