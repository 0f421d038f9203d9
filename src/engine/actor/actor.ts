/**
 * A small actor system for the inside of one run: an actor has private state behind a bounded mailbox and handles one
 * message at a time. A parent supervises its children: when a child throws, the child ends, the bug is logged with its
 * stack, and the parent is told through `onCrash`. Ending a parent ends its children.
 *
 * Across runs each key is itself a virtual actor: its mailbox is the key's one coalesced queue entry (docs/decisions/0001-layers-ports-actors.md).
 */
import type { Logger } from "../ports/logger.ts";
import { noteWait, SPAN, waitStart } from "../telemetry.ts";
import { Mailbox } from "./mailbox.ts";

/** Handles one message; may be asynchronous; the next message waits for it. A throw is a bug and ends the actor. */
export type Receive<M> = (message: M, self: ActorContext<M>) => Promise<void> | void;

/** What an actor may do besides handling messages. */
export interface ActorContext<M> {
  readonly path: string;
  /** Aborted when the actor, or anyone above it, ends. */
  readonly signal: AbortSignal;
  tell(message: M): void;
  /**
   * Starts a child.
   *
   * @param name - last part of the child's path, for logs
   * @param receive - the child's behaviour
   * @param onCrash - called once if the child ends by a throw or a full mailbox
   */
  spawn<C>(name: string, receive: Receive<C>, onCrash: (error: unknown) => void): ActorRef<C>;
  /** Ends this actor and its children after the current message. */
  stop(): void;
}

/** An address to send to. A message to an ended actor is dropped. */
export interface ActorRef<M> {
  readonly path: string;
  tell(message: M): void;
  stop(): void;
}

/** A message on its way, and when it was sent. */
interface Sent<M> {
  readonly message: M;
  readonly since: number | undefined;
}

/** Far above what a workflow of 20 steps can have in flight; reaching it is a bug, not load. */
const MAX_MAILBOX_MESSAGES = 1024;

/**
 * Starts an actor.
 *
 * @param name - its path, for logs
 * @param receive - its behaviour
 * @param options - `signal` ends it from outside; `onCrash` is told of a bug; `log` gets the stack
 */
export function spawnActor<M>(
  name: string,
  receive: Receive<M>,
  options: { readonly signal: AbortSignal; readonly log: Logger; readonly onCrash: (error: unknown) => void },
): ActorRef<M> {
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const mailbox = new Mailbox<Sent<M>>(MAX_MAILBOX_MESSAGES);

  const crash = (error: unknown) => {
    if (signal.aborted) return;
    ended.abort();
    options.log.error({ actor: name, error }, "actor crashed: this is a bug in Koreo Cluster, please report it");
    options.onCrash(error);
  };
  const tell = (message: M) => {
    if (!signal.aborted && !mailbox.offer({ message, since: waitStart() }))
      crash(new Error(`mailbox of ${name} is full`));
  };
  const stop = () => ended.abort();
  const context: ActorContext<M> = {
    path: name,
    signal,
    tell,
    stop,
    spawn: (child, childReceive, onCrash) =>
      spawnActor(`${name}/${child}`, childReceive, { signal, log: options.log, onCrash }),
  };

  const loop = async () => {
    for (;;) {
      const sent = await mailbox.take(signal);
      if (sent === undefined) return;
      noteWait(SPAN.actorWait, sent.since);
      await receive(sent.message, context);
    }
  };
  loop().catch(crash);
  return { path: name, tell, stop };
}
