/** Server-sent events: who is told, and what becomes of those who are too many, too slow, or no longer let in. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { unauthorized, type Authenticator } from "../../../../src/processes/api/auth.ts";
import type { ChangeEvent } from "../../../../src/processes/api/change-event.ts";
import { ApiClient } from "../../../support/api-client.ts";
import { startFakeApi, type FakeApi, type FakeApiOptions } from "../../../support/api-fakes.ts";
import { CHAIN } from "../../../support/widget-manifests.ts";

let api: FakeApi;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api.server.close();
});
const start = async (options: FakeApiOptions = {}): Promise<ApiClient> => {
  api = await startFakeApi({ definitions: CHAIN, ...options });
  return ApiClient.open(api.url);
};
const changed = (name: string, namespace = "apps"): ChangeEvent => ({
  event: "instance",
  change: "modified",
  group: "e2e.koreo.test",
  kind: "Widget",
  namespace,
  name,
  ready: "True",
  reason: "Ready",
});
const until = async (what: string, holds: () => boolean) => {
  for (let round = 0; !holds(); round += 1) {
    if (round > 500) throw new Error(`${what} did not happen`);
    await sleep(10);
  }
};

describe("events", () => {
  it("are told in order, to those who want them, as they are described", async () => {
    const client = await start();
    const [all, some] = [await client.listen(), await client.listen("?namespace=web&about=instances")];
    for (const name of ["a", "b"]) api.hub.publish(changed(name));
    api.hub.publish(changed("c", "web"));
    await some.until("c", ({ data }) => data.name === "c");
    await all.until("c", ({ data }) => data.name === "c");
    expect(all.events.map(({ data }) => data.name)).toEqual([undefined, "a", "b", "c"]);
    expect(some.events.map(({ data }) => data.name)).toEqual([undefined, "c"]);
    const ids = all.events.slice(1).map(({ id }) => Number(id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it("come with heartbeats", async () => {
    const client = await start({ streamLimits: { heartbeatMs: 20 } });
    const listener = await client.listen();
    await until("three heartbeats", () => listener.comments.length >= 3);
  });

  it("are for so many clients and no more; a place becomes free again", async () => {
    const client = await start({ streamLimits: { maxClients: 2 } });
    const [first] = [await client.listen(), await client.listen()];
    const third = await client.get("/events");
    expect([third.status, third.headers.get("retry-after")]).toEqual([503, "10"]);
    first.stop();
    await until("a free place", () => api.hub.clientCount === 1);
    await client.listen();
  });

  it("are for so many clients of a user, and others find places all the same", async () => {
    let user = "one";
    const authenticator: Authenticator = {
      identify: () => Promise.resolve({ user, may: () => Promise.resolve(true) }),
    };
    const client = await start({ authenticator, streamLimits: { maxClientsOfUser: 1 } });
    await client.listen();
    const second = await client.get("/events");
    expect([second.status, second.body.detail]).toEqual([503, "too many clients of yours listen to events"]);
    user = "two";
    await client.listen();
  });

  it("do not wait for a client that does not read: it is let go, the others hear all", async () => {
    const client = await start({ streamLimits: { maxWaiting: 50 } });
    const { port } = new URL(client.url);
    const slow = connect(Number(port), "127.0.0.1", () => {
      slow.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      slow.pause();
    });
    slow.on("error", () => undefined);
    sockets.push(slow);
    const good = await client.listen();
    await until("both listening", () => api.hub.clientCount === 2);
    const long = "x".repeat(60_000);
    let told = 0;
    while (api.hub.droppedCount === 0 && told < 2000) {
      for (let burst = 0; burst < 10; burst += 1)
        api.hub.publish({ ...changed(`n${(told += 1)}`), reason: long } as ChangeEvent);
      await good.until(`n${told}`, ({ data }) => data.name === `n${told}`);
    }
    expect(api.hub.droppedCount).toBe(1);
    await until("one left", () => api.hub.clientCount === 1);
    expect(good.events).toHaveLength(told + 1);
  });

  it("end for a client that stalls a write, though nothing more comes", async () => {
    const client = await start({ streamLimits: { maxStallMs: 100, maxWaiting: 2000 } });
    const { port } = new URL(client.url);
    const slow = connect(Number(port), "127.0.0.1", () => {
      slow.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      slow.pause();
    });
    slow.on("error", () => undefined);
    sockets.push(slow);
    await until("listening", () => api.hub.clientCount === 1);
    for (let told = 0; told < 1000; told += 1)
      api.hub.publish({ ...changed("n"), reason: "x".repeat(20_000) } as ChangeEvent);
    await until("letting go", () => api.hub.clientCount === 0);
    expect(api.hub.droppedCount).toBe(1);
  });

  it("end when the caller is none any more, or nobody can tell", async () => {
    let mood: "fine" | "unknown" | "away" = "fine";
    const authenticator: Authenticator = {
      identify: () => {
        if (mood === "unknown") return Promise.reject(unauthorized("no"));
        if (mood === "away") return Promise.reject(new Error("away"));
        return Promise.resolve({ may: ({ namespace }) => Promise.resolve(namespace === "apps") });
      },
    };
    const client = await start({ authenticator, streamLimits: { heartbeatMs: 20 } });
    const listener = await client.listen();
    api.hub.publish(changed("hidden", "web"));
    api.hub.publish(changed("shown"));
    await listener.until("shown", ({ data }) => data.name === "shown");
    expect(listener.events.map(({ data }) => data.name)).toEqual([undefined, "shown"]);
    mood = "unknown";
    await until("an end", () => listener.isEnded);
    mood = "fine";
    const again = await client.listen();
    mood = "away";
    await until("an end", () => again.isEnded);
  });
});
