/** What a worker comes back to after a run: when, how often, and how much of it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/adapters/memory/manual-clock.ts";
import { LaterLooks, type Look, type Looked } from "../../../src/engine/later-looks.ts";

const placeOf = (name: string, { tenant = "apps", request = "first" } = {}) => ({ place: name, tenant, request });
const ignore = () => undefined;
const answer = (looked: Looked) => Promise.resolve(looked);

describe("later looks", () => {
  it("come at once and at growing distances, until one says that it is over", async () => {
    const clock = new ManualClock();
    const looks = new LaterLooks(clock);
    const at: number[] = [];
    const beganMs = clock.nowMs();
    const look: Look = () => {
      at.push(clock.nowMs() - beganMs);
      return answer(at.length === 3 ? "over" : "again");
    };
    looks.add(placeOf("a"), look, ignore);
    await clock.advance(200_000);
    expect(at).toEqual([0, 5000, 20_000]);
  });

  it("end after the last one, and know nothing of the run that asked for them", async () => {
    const clock = new ManualClock();
    const run = new AsyncLocalStorage<string>();
    const looks = new LaterLooks(clock);
    const seen: (string | undefined)[] = [];
    const look: Look = () => {
      seen.push(run.getStore());
      return answer("again");
    };
    run.run("a run", () => looks.add(placeOf("a"), look, ignore));
    await clock.advance(200_000);
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("begin anew with another request to the same place, and know both", async () => {
    const clock = new ManualClock();
    const looks = new LaterLooks(clock);
    const seen: string[] = [];
    const look: Look = (requests) => {
      seen.push(`${clock.nowMs() - beganMs}: ${[...requests].join(" ")}`);
      return answer("again");
    };
    const beganMs = clock.nowMs();
    looks.add(placeOf("a"), look, ignore);
    await clock.advance(30_000);
    looks.add(placeOf("a", { request: "second" }), look, ignore);
    await clock.advance(200_000);
    expect(seen.slice(0, 3)).toEqual(["0: first", "5000: first", "20000: first"]);
    expect(seen.slice(3)).toEqual(["75000: first second", "105000: first second"]);
  });

  it("that nobody answers do not count, until it is given up and said", async () => {
    const clock = new ManualClock();
    const looks = new LaterLooks(clock);
    let count = 0;
    let givenUp = 0;
    looks.add(
      placeOf("a"),
      () => {
        count += 1;
        return answer("unanswered");
      },
      () => (givenUp += 1),
    );
    await clock.advance(14 * 60_000);
    expect(count).toBeGreaterThan(100);
    expect(givenUp).toBe(0);
    await clock.advance(2 * 60_000);
    expect(givenUp).toBe(1);
    const last = count;
    await clock.advance(60_000);
    expect(count).toBe(last);
  });

  it("are no more than so many for a tenant and for all, and end with the worker", async () => {
    const clock = new ManualClock();
    const looks = new LaterLooks(clock);
    let count = 0;
    const look: Look = () => {
      count += 1;
      return answer("again");
    };
    const taken = (tenant: string) =>
      Array.from({ length: 150 }, (_, index) => looks.add(placeOf(`${tenant}-${index}`, { tenant }), look, ignore));
    const counts = ["a", "b", "c", "d", "e", "f"].map((tenant) => taken(tenant).filter(Boolean).length);
    expect(counts).toEqual([100, 100, 100, 100, 100, 0]);
    await clock.advance(0);
    looks.end();
    await clock.advance(200_000);
    expect(count).toBe(500);
    expect(looks.add(placeOf("late", { tenant: "z" }), look, ignore)).toBe(false);
  });
});
