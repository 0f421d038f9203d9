import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ObjectHistory } from "../../../../src/adapters/memory/object-history.ts";

const CHANGE = { group: "g", kind: "K", type: "added", object: {} } as const;

describe("ObjectHistory", () => {
  it("answers all changes since a position, or says that some are forgotten", () => {
    const steps = fc.array(fc.constantFrom("append", "compact"), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat(80), (given, from) => {
        const history = new ObjectHistory(5);
        for (const step of given)
          if (step === "append") history.append(CHANGE);
          else history.compact();
        const since = history.since(from);
        const wanted = Array.from({ length: Math.max(0, history.position - from) }, (_, index) => from + 1 + index);
        if (since !== undefined) expect(since.map(({ at }) => at)).toEqual(wanted);
        else expect(wanted.length).toBeGreaterThan(0);
      }),
    );
  });

  it("wakes who waits: by a change, a cut, an abort", async () => {
    const history = new ObjectHistory(5);
    const abort = new AbortController();
    const woken: string[] = [];
    void history.changed(abort.signal).then(() => woken.push("change"));
    history.append(CHANGE);
    await Promise.resolve();
    void history.changed(abort.signal).then(() => woken.push("cut"));
    history.cut();
    await Promise.resolve();
    void history.changed(abort.signal).then(() => woken.push("abort"));
    abort.abort();
    await history.changed(abort.signal);
    expect(woken).toEqual(["change", "cut", "abort"]);
  });
});
