/** Spawns a child for one question and resolves with its one answer; a crash of the child is turned into an answer. */
import type { ActorContext, Receive } from "./actor.ts";

/**
 * @param parent - who supervises the child
 * @param question - `name` of the child, its `first` message, its behaviour given a way to `reply`, and what to answer
 *   when it `crashed`
 * @returns the first reply; never settles when the parent ends first
 */
export function ask<M, R>(
  parent: Pick<ActorContext<never>, "spawn">,
  question: {
    readonly name: string;
    readonly first: M;
    readonly behaviour: (reply: (answer: R) => void) => Receive<M>;
    readonly crashed: (error: unknown) => R;
  },
): Promise<R> {
  return new Promise((resolve) => {
    const child = parent.spawn<M>(
      question.name,
      question.behaviour((answer) => {
        resolve(answer);
        child.stop();
      }),
      (error) => resolve(question.crashed(error)),
    );
    child.tell(question.first);
  });
}
