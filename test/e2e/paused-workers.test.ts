/**
 * Workers that are stopped (SIGSTOP) for longer than their leases, each at another moment of runs with many steps, and go on
 * after others have done their work and more has changed: nothing that a superseded run still writes is left standing.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { isTriggerReady } from "../support/object-board.ts";
import { chooseSeed, seededRandom } from "../support/seeded-random.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

const ROUNDS = 4;
/** Of the workers all but one are stopped in each round. */
const STOPPED = 5;
const STEPS = 12;
const NAMES = Array.from({ length: 16 }, (_, index) => `w-${index}`);
/** Within which the runs after an edit are under way, all together. */
const RUNS_MS = 1500;
/** After leases of 10 s. */
const TAKEN_OVER_WITHIN_MS = 40_000;
/** For what the stopped workers still do, and for its repair. */
const AFTERMATH_MS = 4000;

/** By letters: the type of a condition takes no digits. */
const labels = Array.from({ length: STEPS }, (_, index) => `step${String.fromCharCode(97 + index)}`);
const before = (index: number) => (index === 0 ? "=inputs.spec.text" : "=inputs.before.text");
const LONG =
  workflow(
    "long",
    labels
      .map((label, index) => step(label, index === 0 ? {} : { more: `, before: =steps.${labels[index - 1] ?? ""}` }))
      .join(""),
  ) +
  labels
    .map((label, index) => configMap(label, `{ text: ${before(index)} }`, "  return: { text: =resource.data.text }"))
    .join("");

let cluster: E2eCluster;
beforeAll(async () => {
  cluster = await startE2e({ watchers: 1, workers: STOPPED + 1 });
  await cluster.apply(LONG);
  for (const name of NAMES) await cluster.apply(widget(name));
  for (const name of NAMES) await cluster.untilReady(name);
});
afterAll(() => cluster.stop());

const workers = () => cluster.stack.processes.filter(({ role }) => role === "worker");

async function lostLeases(): Promise<number> {
  const logs = await Promise.all(workers().map(({ logFile }) => readFile(logFile, "utf8")));
  return logs.join("").split("the lease of a key was lost during its run").length - 1;
}

const edit = (text: string) => Promise.all(NAMES.map((name) => cluster.patch("Widget", name, { spec: { text } })));

async function untilCarrying(text: string): Promise<void> {
  const last = labels.at(-1) ?? "";
  const isText = (object: JsonObject | undefined) => at(object, "data", "text") === text;
  for (const name of NAMES)
    await cluster.until("ConfigMap", `${name}-${last}`, `carrying ${text}`, isText, { withinMs: TAKEN_OVER_WITHIN_MS });
  for (const name of NAMES) await cluster.untilReady(name, { withinMs: TAKEN_OVER_WITHIN_MS });
}

/** The text of every object of every trigger, and whether each trigger is Ready for its spec. */
async function state(): Promise<Readonly<Record<string, unknown>>> {
  const read = NAMES.flatMap((name) => [
    cluster.get("Widget", name).then((object) => [name, isTriggerReady(object)] as const),
    ...labels.map(async (label) => {
      const object = await cluster.get("ConfigMap", `${name}-${label}`);
      return [`${name}-${label}`, textMember(member(object ?? {}, "data"), "text")] as const;
    }),
  ]);
  return Object.fromEntries(await Promise.all(read));
}

it(`${ROUNDS * STOPPED} workers stopped in mid-run: others finish, and what those still write does not stand`, async () => {
  const seed = chooseSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < ROUNDS; round += 1) {
    const spared = random.below(STOPPED + 1);
    const doomed = workers().filter((_, index) => index !== spared);
    await Promise.all([
      edit(`edit ${round}`),
      ...doomed.map(async (worker) => {
        await sleep(random.below(RUNS_MS));
        worker.pause();
      }),
    ]);
    const wanted = `newer than edit ${round}`;
    await edit(wanted);
    await untilCarrying(wanted);
    for (const worker of doomed) worker.resume();
    await sleep(AFTERMATH_MS);
    for (const [what, is] of Object.entries(await state()))
      expect(is, `${what} in round ${round}, seed ${seed}`).toBe(NAMES.includes(what) ? true : wanted);
  }
  const lost = await lostLeases();
  console.log(`paused workers: ${ROUNDS * STOPPED} stops, ${lost} runs lost their lease (seed ${seed})`);
  expect(lost, "stops in the middle of runs").toBeGreaterThanOrEqual(ROUNDS);
});
