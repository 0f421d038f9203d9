/**
 * How long a key waits for its next run when the worker that runs it is killed: twenty workers die, each in the middle of
 * three runs. The figures are printed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { percentile } from "../chaos/summary.ts";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { RefusingWebhook } from "../support/refusing-webhook.ts";
import type { StackProcess } from "../support/stack.ts";
import { SLOW, widget } from "../support/widget-manifests.ts";

const ROUNDS = 5;
const WORKERS = 4;
const KEYS_PER_WORKER = 3;
const RECONCILED_WITHIN_SECONDS = 15;
const NAMES = Array.from({ length: WORKERS * KEYS_PER_WORKER }, (_, index) => `key-${index}`);

describe("workers that are killed", () => {
  let cluster: E2eCluster;
  let webhook: RefusingWebhook;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 1, workers: 0 });
    webhook = await RefusingWebhook.startOn(cluster);
    await cluster.apply(SLOW);
  });
  afterAll(async () => {
    await cluster.stop();
    await webhook.stop();
  });

  const startWorkers = () =>
    Promise.all(
      Array.from({ length: WORKERS }, () => cluster.stack.add("worker", ["--concurrency", String(KEYS_PER_WORKER)])),
    );

  /** Every worker is in the middle of as many runs as it takes when it dies; others wait for what it leaves. */
  const round = async (text: string, doomed: readonly StackProcess[]): Promise<readonly number[]> => {
    webhook.hold();
    for (const name of NAMES) await cluster.apply(widget(name, `{ text: "${text}", delay: "25" }`));
    await waitFor("every run being in the middle of a write", 20_000, async () =>
      NAMES.every((name) => webhook.held.has(`${name}-slow`)),
    );
    await startWorkers();
    const since = performance.now();
    await Promise.all(doomed.map((worker) => worker.kill()));
    webhook.lift();
    return Promise.all(
      NAMES.map(async (name) => {
        const is = (object: Parameters<typeof at>[0]) => at(object, "data", "text") === text;
        await cluster.until("ConfigMap", `${name}-slow`, `carrying ${text}`, is);
        await cluster.untilReady(name);
        return (performance.now() - since) / 1000;
      }),
    );
  };

  it(`their keys are reconciled elsewhere, p99 within ${RECONCILED_WITHIN_SECONDS} s of the death`, async () => {
    const seconds: number[] = [];
    for (let index = 0; index < ROUNDS; index += 1) {
      const workers = cluster.stack.processes.filter(({ role, pid }) => role === "worker" && pid > 0);
      const doomed = workers.length > 0 ? workers : await startWorkers();
      seconds.push(...(await round(`round ${index}`, doomed)));
    }
    const figures = [0, 0.5, 0.99, 1].map((share) => percentile(seconds, share).toFixed(1));
    console.log(
      `worker deaths: ${ROUNDS * WORKERS} kills, ${seconds.length} keys in mid-run; death to reconciled again ` +
        `min ${figures[0]} s, p50 ${figures[1]} s, p99 ${figures[2]} s, max ${figures[3]} s`,
    );
    expect(seconds).toHaveLength(ROUNDS * NAMES.length);
    expect(percentile(seconds, 0.99)).toBeLessThanOrEqual(RECONCILED_WITHIN_SECONDS);
  });
});
