/** Objects that no watcher may watch: said on the trigger, looked at soon, taken back once they are watched. */
import { afterEach, describe, expect, it } from "vitest";
import { formatKind, type KindText } from "../../../src/core/object-key.ts";
import { POLL_SECONDS } from "../../../src/engine/unwatched.ts";
import { flow, keeps, request, WorkerBench } from "./worker-bench.ts";

const [CONFIG_MAPS, SECRETS] = [kindOf("ConfigMap"), kindOf("Secret")];
function kindOf(kind: string): KindText {
  return formatKind({ cluster: "local", group: "", kind });
}

let bench: WorkerBench;
afterEach(() => bench.stop());

const RIGHT = 'apiGroups [""] resources ["configmaps"] verbs ["list", "watch"]';

describe("a trigger whose objects nobody may watch", () => {
  it.each([
    { name: "anywhere", places: { "": RIGHT } },
    { name: "in their namespace", places: { apps: RIGHT, other: RIGHT } },
  ])("$name says which right is missing, and is looked at within a minute", async ({ places }) => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"));
    await bench.ledger.noteUnwatched(CONFIG_MAPS, places);
    const report = await bench.run("one");
    const { reason, message } = await bench.condition("one", "Watched");
    expect(reason).toBe("MissingAccess");
    expect(message).toContain(RIGHT);
    expect((await bench.condition("one")).reason).toBe("Ready");
    expect(report).toMatchObject({ kind: "done" });
    expect("nextLookMs" in report ? report.nextLookMs : Infinity).toBeLessThanOrEqual(POLL_SECONDS * 1000);

    // Once they are watched the condition goes, and the resync is enough.
    await bench.ledger.noteUnwatched(CONFIG_MAPS, {});
    await bench.clock.advance(6000);
    const later = await bench.run("one");
    expect((await bench.condition("one", "Watched")).reason).toBe("");
    expect("nextLookMs" in later ? later.nextLookMs : 0).toBeGreaterThan(POLL_SECONDS * 1000);
  });

  it("elsewhere is none of its business", async () => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"));
    await bench.ledger.noteUnwatched(CONFIG_MAPS, { elsewhere: RIGHT });
    await bench.ledger.noteUnwatched(SECRETS, { "": RIGHT });
    await bench.run("one");
    expect((await bench.condition("one", "Watched")).reason).toBe("");
  });
});
