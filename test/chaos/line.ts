/**
 * A TCP way, on loopback unless told otherwise, from one process to one server, on which everything can go wrong that networks do: connections cut,
 * refused, held back (nothing is lost, it comes when the way is free again), slow, or half open (the server's end is gone and
 * nobody says so).
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** One direction of one connection: bytes on their way, in order. */
interface Lane {
  readonly from: Socket;
  readonly to: Socket;
  /** Bytes and when (monotonic) they may arrive. */
  readonly underWay: { readonly dueMs: number; readonly bytes: Buffer }[];
  timer: NodeJS.Timeout | undefined;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly lanes: readonly Lane[];
}

export class FaultyLine {
  readonly #targetPort: number;
  readonly #host: string;
  readonly #connections = new Set<Connection>();
  #server: Server;
  #port = 0;
  #isHeld = false;
  #isHalfOpen = false;
  #delayMs = 0;

  /**
   * @param targetPort - of the server, on loopback
   * @param host - an address of ours, where the way begins
   */
  constructor(targetPort: number, host = "127.0.0.1") {
    this.#targetPort = targetPort;
    this.#host = host;
    this.#server = this.#listener();
  }

  /** The port that leads to the server. */
  get port(): number {
    return this.#port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#connections.size;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, this.#host);
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection, as a server that dies does. */
  cut(): void {
    for (const { client, server } of this.#connections) {
      client.destroy();
      server.destroy();
    }
  }

  /** Connections are cut, and new ones refused, until `allow`. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  async allow(): Promise<void> {
    this.#server = this.#listener();
    await this.start();
  }

  /** Nothing arrives on either side until `release`; connections are accepted, as the kernel of a stopped host does. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const { lanes } of this.#connections) for (const lane of lanes) this.#deliver(lane);
  }

  /** Every reply comes this much later; 0: at once. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** The servers' ends of all connections are gone and the clients hear nothing, ever; the same for new ones until `mend`. */
  halfOpen(): void {
    this.#isHalfOpen = true;
    for (const { server } of this.#connections) server.destroy();
  }

  /** New connections work again; those that were half open stay silent. */
  mend(): void {
    this.#isHalfOpen = false;
  }

  async stop(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #listener(): Server {
    return createServer((client) => this.#join(client));
  }

  #join(client: Socket): void {
    const server = connect(this.#targetPort, "127.0.0.1");
    if (this.#isHalfOpen) server.destroy();
    const there: Lane = { from: client, to: server, underWay: [], timer: undefined };
    const back: Lane = { from: server, to: client, underWay: [], timer: undefined };
    const connection = { client, server, lanes: [there, back] };
    this.#connections.add(connection);
    client.on("data", (bytes) => this.#take(there, bytes, 0));
    server.on("data", (bytes) => this.#take(back, bytes, this.#delayMs));
    for (const socket of [client, server]) socket.on("error", () => undefined); // cut on purpose, or by the other side
    client.on("close", () => {
      this.#connections.delete(connection);
      for (const lane of connection.lanes) clearTimeout(lane.timer);
      server.destroy();
    });
    server.on("close", () => {
      if (!this.#isHalfOpen) client.destroy();
    });
  }

  #take(lane: Lane, bytes: Buffer, delayMs: number): void {
    const last = lane.underWay.at(-1)?.dueMs ?? 0;
    lane.underWay.push({ bytes, dueMs: Math.max(last, performance.now() + delayMs) });
    this.#deliver(lane);
  }

  /** Hands over what is due, and comes back for the rest. */
  #deliver(lane: Lane): void {
    clearTimeout(lane.timer);
    lane.timer = undefined;
    if (this.#isHeld) return;
    const nowMs = performance.now();
    for (let next = lane.underWay[0]; next !== undefined && next.dueMs <= nowMs; next = lane.underWay[0]) {
      lane.underWay.shift();
      lane.to.write(next.bytes);
    }
    const next = lane.underWay[0];
    if (next !== undefined) lane.timer = setTimeout(() => this.#deliver(lane), Math.max(1, next.dueMs - nowMs));
  }
}
