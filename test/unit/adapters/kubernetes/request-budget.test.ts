import { describe, expect, it } from "vitest";
import { RequestBudget, type Urgency } from "../../../../src/adapters/kubernetes/request-budget.ts";
import { ManualClock, settled } from "../../../../src/adapters/memory/manual-clock.ts";

const never = new AbortController().signal;

/** A budget, and the order in which the requests that were asked for got their turn. */
function budgetOf(options: ConstructorParameters<typeof RequestBudget>[1]) {
  const clock = new ManualClock();
  const budget = new RequestBudget(clock, options);
  const entered: string[] = [];
  const ask = (name: string, urgency: Urgency = "read", signal = never, tenant?: string) => {
    void budget
      .enter({ tenant, urgency }, signal)
      .then((turn) => entered.push(turn === "granted" ? name : `${name} ${turn}`));
  };
  return { clock, budget, entered, ask };
}

describe("RequestBudget", () => {
  it("lets a burst through, then so many a second", async () => {
    const { clock, entered, ask } = budgetOf({ qps: 10, burst: 2, maxInFlight: 100 });
    for (const name of ["a", "b", "c", "d"]) ask(name);
    await settled();
    expect(entered).toEqual(["a", "b"]);
    await clock.advance(100);
    expect(entered).toEqual(["a", "b", "c"]);
    await clock.advance(100);
    expect(entered).toEqual(["a", "b", "c", "d"]);
  });

  it("saves up no more than the burst", async () => {
    const { clock, entered, ask } = budgetOf({ qps: 10, burst: 2, maxInFlight: 100 });
    await clock.advance(60_000);
    for (const name of ["a", "b", "c"]) ask(name);
    await settled();
    expect(entered).toEqual(["a", "b"]);
  });

  it("bounds the requests in flight", async () => {
    const { budget, entered, ask } = budgetOf({ maxInFlight: 1 });
    ask("a");
    ask("b");
    await settled();
    expect(entered).toEqual(["a"]);
    budget.leave(undefined);
    await settled();
    expect(entered).toEqual(["a", "b"]);
  });

  it("lets status writes go before writes before reads, and still nobody starve", async () => {
    const { budget, entered, ask } = budgetOf({ maxInFlight: 1 });
    ask("first");
    ask("read");
    ask("write", "write");
    ask("status", "status");
    for (const name of ["s1", "s2", "s3", "s4", "s5", "s6"]) ask(name, "status");
    for (let turn = 0; turn < 9; turn += 1) {
      await settled();
      budget.leave(undefined);
    }
    await settled();
    expect(entered).toEqual(["first", "status", "s1", "s2", "s3", "s4", "s5", "read", "s6", "write"]);
  });

  it("pauses when the server asks for it", async () => {
    const { clock, budget, entered, ask } = budgetOf({});
    budget.pause(3000);
    budget.pause(1000);
    ask("a");
    await clock.advance(2999);
    expect(entered).toEqual([]);
    await clock.advance(1);
    expect(entered).toEqual(["a"]);
  });

  it("lets waiters give up, and does not count them", async () => {
    const { budget, entered, ask } = budgetOf({ maxInFlight: 1 });
    const impatient = new AbortController();
    ask("a");
    ask("b", "read", impatient.signal);
    ask("c", "read", AbortSignal.abort());
    ask("d");
    impatient.abort();
    await settled();
    budget.leave(undefined);
    await settled();
    expect(entered.sort()).toEqual(["a", "b aborted", "c aborted", "d"]);
  });

  it("ends a wait after a minute, and the turn goes to somebody else", async () => {
    const { clock, budget, entered, ask } = budgetOf({ maxInFlight: 1 });
    ask("a");
    ask("b");
    await clock.advance(60_000);
    ask("c");
    await settled();
    budget.leave(undefined);
    await settled();
    expect(entered).toEqual(["a", "b late", "c"]);
  });

  describe("among tenants", () => {
    const ofTenant = (entered: readonly string[], tenant: string) => entered.filter((name) => name === tenant).length;

    it("leaves room for others whoever's requests hang, again and again", async () => {
      const { entered, ask } = budgetOf({ maxInFlight: 64 });
      const tenants = ["a", "b", "c", "d", "e", "f"];
      for (const tenant of tenants) {
        for (let request = 0; request < 100; request += 1) ask(tenant, "write", never, tenant);
        await settled();
      }
      expect(tenants.map((tenant) => ofTenant(entered, tenant))).toEqual([32, 16, 8, 4, 2, 1]);
    });

    it("gives the last free turn to nobody who has one", async () => {
      const { budget, entered, ask } = budgetOf({ maxInFlight: 4 });
      for (let request = 0; request < 4; request += 1) ask("a", "write", never, "a");
      await settled();
      expect(entered).toEqual(["a", "a"]);
      ask("b", "review", never, "b");
      ask("c", "status", never, "c");
      await settled();
      expect(entered).toEqual(["a", "a", "b", "c"]);
      budget.leave("a");
      await settled();
      expect(entered).toEqual(["a", "a", "b", "c"]); // one in flight, one free
      budget.leave("a");
      await settled();
      expect(entered).toEqual(["a", "a", "b", "c", "a"]);
    });

    it("goes round, whoever asks for more", async () => {
      const { clock, entered, ask } = budgetOf({ qps: 10, burst: 1 });
      for (const name of ["a1", "a2", "a3", "a4"]) ask(name, "read", never, "a");
      for (const name of ["b1", "b2"]) ask(name, "read", never, "b");
      ask("own1");
      for (let turn = 0; turn < 6; turn += 1) await clock.advance(100);
      expect(entered).toEqual(["a1", "a2", "b1", "own1", "a3", "b2", "a4"]);
    });
  });
});
