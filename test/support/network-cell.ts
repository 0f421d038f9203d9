/**
 * A network namespace of its own for one process, joined to us by one link for each server it speaks to, so that each way can
 * be cut by itself. A cut is a black hole: packets vanish in both directions, and nobody is told. Needs Linux, root, `ip` and
 * util-linux; `whyNoCells` says what is missing. Namespace and links end with the process that holds them, and that with us.
 */
import { randomInt } from "node:crypto";
import { readlink } from "node:fs/promises";
import path from "node:path";
import { FaultyLine } from "../chaos/line.ts";
import { GuardedChild, waitFor } from "../control-plane/child.ts";
import { execute } from "../control-plane/execute.ts";
import type { Place } from "./stack.ts";

const DEADLINE_MS = 10_000;

/** One way between us and the cell. */
interface Link {
  /** Interface on our side. */
  readonly outer: string;
  readonly outerAddress: string;
  /** The way on to the server; absent on the one by which we reach what runs inside. */
  readonly line: FaultyLine | undefined;
}

/** @returns why no namespaces can be made here; undefined: they can */
export async function whyNoCells(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  const needed = [
    ["ip", "-V"],
    ["nsenter", "--version"],
    ["unshare", "--net", "true"],
  ] as const;
  for (const [command, ...args] of needed) {
    try {
      await run(command, ...args);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

export class NetworkCell implements Place {
  readonly #holder: GuardedChild;
  readonly #links = new Map<string, Link>();
  /** First three bytes of all addresses: of the range that is kept for measurements of networks. */
  readonly #net = `198.${randomInt(18, 20)}.${randomInt(0, 256)}`;
  readonly #mark = randomInt(0, 0x100_0000).toString(16).padStart(6, "0");
  #host = "";
  #joined = 0;

  private constructor(dir: string, name: string) {
    const logFile = path.join(dir, `${name}.cell.log`);
    this.#holder = new GuardedChild({ command: "unshare", args: ["--net", "sleep", "infinity"], logFile });
  }

  /**
   * @param name - for the log
   * @param servers - by name, the loopback port of each server that is to be reached from inside
   * @param dir - for the log of what holds the namespace
   */
  static async open(name: string, servers: Readonly<Record<string, number>>, dir: string): Promise<NetworkCell> {
    const cell = new NetworkCell(dir, name);
    try {
      await cell.#holder.start();
      const ours = await readlink("/proc/self/ns/net");
      await waitFor("the namespace being made", DEADLINE_MS, async () => {
        return (await readlink(`/proc/${cell.#holder.pid}/ns/net`)) !== ours;
      });
      await cell.#inside("ip", "link", "set", "lo", "up");
      cell.#host = (await cell.#join()).inner;
      for (const [server, port] of Object.entries(servers)) await cell.#lead(server, port);
      return cell;
    } catch (error) {
      await cell.close();
      throw error;
    }
  }

  /** Where we reach what runs inside. */
  get host(): string {
    return this.#host;
  }

  get through(): readonly string[] {
    return ["nsenter", `--net=/proc/${this.#holder.pid}/ns/net`];
  }

  /** Host and port of a server, as seen from inside. */
  addressOf(server: string): string {
    const { outerAddress, line } = this.#link(server);
    return `${outerAddress}:${line?.port ?? 0}`;
  }

  /** Nothing passes between the cell and this server, in neither direction, until `mend`. */
  async cut(server: string): Promise<void> {
    await run("ip", "link", "set", this.#link(server).outer, "down");
  }

  async mend(server: string): Promise<void> {
    await run("ip", "link", "set", this.#link(server).outer, "up");
  }

  /**
   * Packets leave the cell and vanish behind it, until `answer`. On a link that was cut the sender's own kernel drops them, and
   * then counts no probe of a silent connection as sent.
   */
  async swallow(server: string): Promise<void> {
    const { outer, outerAddress } = this.#link(server);
    await run("ip", "address", "del", `${outerAddress}/30`, "dev", outer);
  }

  async answer(server: string): Promise<void> {
    const { outer, outerAddress } = this.#link(server);
    await run("ip", "address", "add", `${outerAddress}/30`, "dev", outer);
  }

  /** What runs inside is ended before. */
  async close(): Promise<void> {
    for (const { line } of this.#links.values()) await line?.stop();
    this.#links.clear();
    await this.#holder.stop("SIGKILL");
  }

  #link(server: string): Link {
    const link = this.#links.get(server);
    if (link === undefined) throw new Error(`no link to ${server}`);
    return link;
  }

  async #lead(server: string, port: number): Promise<void> {
    const { outer, outerAddress } = await this.#join();
    const line = new FaultyLine(port, outerAddress);
    await line.start();
    this.#links.set(server, { outer, outerAddress, line });
  }

  /** One more pair of interfaces, up on both sides. */
  async #join(): Promise<{ readonly outer: string; readonly outerAddress: string; readonly inner: string }> {
    const at = this.#joined * 4;
    this.#joined += 1;
    const [outer, inner] = [`ko${this.#mark}${at}`, `ki${this.#mark}${at}`];
    const [outerAddress, innerAddress] = [`${this.#net}.${at + 1}`, `${this.#net}.${at + 2}`];
    const outerMac = `02:00:${this.#mark.match(/../g)?.join(":") ?? ""}:${at.toString(16).padStart(2, "0")}`;
    const peer = ["peer", "name", inner, "netns", String(this.#holder.pid)];
    await run("ip", "link", "add", outer, "address", outerMac, "type", "veth", ...peer);
    await run("ip", "address", "add", `${outerAddress}/30`, "dev", outer);
    await run("ip", "link", "set", outer, "up");
    await this.#inside("ip", "address", "add", `${innerAddress}/30`, "dev", inner);
    await this.#inside("ip", "link", "set", inner, "up");
    // Known for good: asking who has the address would fail on a cut link, and tell of it.
    await this.#inside(
      "ip",
      "neighbour",
      "replace",
      outerAddress,
      "lladdr",
      outerMac,
      "nud",
      "permanent",
      "dev",
      inner,
    );
    return { outer, outerAddress, inner: innerAddress };
  }

  async #inside(...words: readonly string[]): Promise<void> {
    await run(...this.through, ...words);
  }
}

async function run(...[command = "", ...args]: readonly string[]): Promise<void> {
  await execute(command, args, { deadlineMs: DEADLINE_MS });
}
