/** A way to a server on which connections can be cut: at random, or when a reply holds some text. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";

export class CuttingProxy {
  readonly #server: Server;
  readonly #cutters = new Set<() => void>();
  #port: number;
  /** A reply that holds this never arrives: its connection is cut; once. */
  cutOnReply: string | undefined;
  cuts = 0;

  /** @param port - of the server, on loopback */
  constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => {
      const server = connect(this.#port, "127.0.0.1");
      const cut = () => {
        this.#cutters.delete(cut);
        client.destroy();
        server.destroy();
      };
      this.#cutters.add(cut);
      for (const socket of [client, server]) socket.on("error", cut).on("close", cut);
      client.pipe(server);
      server.on("data", (reply) => {
        if (this.cutOnReply === undefined || !reply.includes(this.cutOnReply)) {
          client.write(reply);
          return;
        }
        this.cutOnReply = undefined;
        this.cuts += 1;
        cut();
      });
    });
  }

  /** @returns the URL by which Redis is reached through it */
  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts one connection, `index` counted round. */
  cutOne(index: number): void {
    const all = [...this.#cutters];
    const cut = all[index % Math.max(1, all.length)];
    if (cut === undefined) return;
    this.cuts += 1;
    cut();
  }

  /** A failover: what is connected is cut, and what connects from now on reaches another server. */
  redirect(port: number): void {
    this.#port = port;
    for (const cut of this.#cutters) cut();
  }

  async stop(): Promise<void> {
    for (const cut of this.#cutters) cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}
