import { describe, expect, it } from "vitest";
import { spawnActor, type ActorContext } from "../../../../src/engine/actor/actor.ts";
import { ask } from "../../../../src/engine/actor/ask.ts";
import { silentLog } from "../../../support/silent-log.ts";

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

function spawn<M>(receive: (message: M, self: ActorContext<M>) => Promise<void> | void) {
  const crashes: unknown[] = [];
  const end = new AbortController();
  const ref = spawnActor<M>("root", receive, {
    signal: end.signal,
    log: silentLog,
    onCrash: (error) => crashes.push(error),
  });
  return { ref, crashes, end };
}

describe("an actor", () => {
  it("handles one message at a time, in order", async () => {
    const seen: string[] = [];
    const { ref } = spawn<number>(async (message) => {
      seen.push(`start ${message}`);
      await tick();
      seen.push(`end ${message}`);
    });
    ref.tell(1);
    ref.tell(2);
    for (let i = 0; i < 6; i += 1) await tick();
    expect(seen).toEqual(["start 1", "end 1", "start 2", "end 2"]);
  });

  it("ends by a throw and tells its supervisor once", async () => {
    const seen: number[] = [];
    const { ref, crashes } = spawn<number>((message) => {
      seen.push(message);
      throw new Error("bug");
    });
    ref.tell(1);
    ref.tell(2);
    await tick();
    await tick();
    expect(seen).toEqual([1]);
    expect(crashes).toHaveLength(1);
  });

  it("drops messages once it ended", async () => {
    const seen: number[] = [];
    const { ref, end } = spawn<number>((message) => void seen.push(message));
    end.abort();
    ref.tell(1);
    await tick();
    expect(seen).toEqual([]);
  });

  it("crashes when more is sent than its mailbox holds", async () => {
    const { ref, crashes } = spawn<number>(() => new Promise(() => undefined));
    for (let i = 0; i < 1030; i += 1) ref.tell(i);
    await tick();
    expect(crashes.map(String)).toEqual(["Error: mailbox of root is full"]);
  });

  it("takes its children with it", async () => {
    let childSignal: AbortSignal | undefined;
    const { ref, end } = spawn<"go">((_message, self) => {
      self
        .spawn<"go">(
          "child",
          (_inner, child) => void (childSignal = child.signal),
          () => undefined,
        )
        .tell("go");
    });
    ref.tell("go");
    await tick();
    await tick();
    expect(childSignal?.aborted).toBe(false);
    end.abort();
    expect(childSignal?.aborted).toBe(true);
  });
});

describe("ask", () => {
  it("resolves with the first reply, and ends the child", async () => {
    const answers: number[] = [];
    let childSignal: AbortSignal | undefined;
    const { ref } = spawn<"go">(async (_message, self) => {
      const answer = await ask<"q", number>(self, {
        name: "child",
        first: "q",
        behaviour: (reply) => (_question, child) => {
          childSignal = child.signal;
          reply(7);
          reply(8);
        },
        crashed: () => -1,
      });
      answers.push(answer);
    });
    ref.tell("go");
    for (let i = 0; i < 4; i += 1) await tick();
    expect(answers).toEqual([7]);
    expect(childSignal?.aborted).toBe(true);
  });

  it("turns a crash of the child into an answer", async () => {
    const answers: string[] = [];
    const { ref, crashes } = spawn<"go">(async (_message, self) => {
      const answer = await ask<"q", string>(self, {
        name: "child",
        first: "q",
        behaviour: () => () => {
          throw new Error("bug in the child");
        },
        crashed: (error) => String(error),
      });
      answers.push(answer);
    });
    ref.tell("go");
    for (let i = 0; i < 4; i += 1) await tick();
    expect(answers).toEqual(["Error: bug in the child"]);
    expect(crashes).toEqual([]);
  });
});
