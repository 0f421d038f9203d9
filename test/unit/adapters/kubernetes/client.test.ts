import { KubeConfig } from "@kubernetes/client-node";
import { propagation } from "@opentelemetry/api";
import { getEventListeners } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClusterClient, type ObservedRequest } from "../../../../src/adapters/kubernetes/client.ts";
import { systemClock } from "../../../../src/adapters/system/clock.ts";
import { faultOf, valueOf } from "../../../contract/object-store.ts";
import { ManualClock } from "../../../../src/adapters/memory/manual-clock.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const signal = new AbortController().signal;
const GET = { method: "GET", path: "/x", verb: "get", kind: "X" } as const;

let server: Server;
let handle: Handler;
let client: ClusterClient;
let observed: ObservedRequest[];
let sockets = 0;
let url: string;

beforeEach(async () => {
  sockets = 0;
  observed = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => handle(request, response, body));
  });
  server.on("connection", () => (sockets += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`;
  client = new ClusterClient({
    kubeConfig: configFor(url),
    clock: systemClock,
    onRequest: (request) => observed.push(request),
  });
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function configFor(server: string, user: object = { name: "u", token: "secret-token" }): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "c", server, skipTLSVerify: true }],
    users: [user],
    contexts: [{ name: "c", cluster: "c", user: "u" }],
    currentContext: "c",
  });
  return config;
}

const answer = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
};

describe("ClusterClient", () => {
  it("sends path, query, credentials and body, and reads the answer", async () => {
    let seen: unknown;
    handle = (request, response, body) => {
      seen = {
        method: request.method,
        url: request.url,
        authorization: request.headers.authorization,
        type: request.headers["content-type"],
        body,
      };
      answer(response, 200, { a: 1 });
    };
    const request = {
      method: "PATCH",
      path: "/apis/x",
      query: { a: "b c", none: undefined },
      body: { big: 2n ** 62n, s: 1 },
      contentType: "application/merge-patch+json",
      verb: "patch",
      kind: "X",
    } as const;
    expect(valueOf(await client.request(request, signal))).toEqual({ a: 1 });
    expect(seen).toEqual({
      method: "PATCH",
      url: "/prefix/apis/x?a=b+c",
      authorization: "Bearer secret-token",
      type: "application/merge-patch+json",
      body: '{"big":4611686018427387904,"s":1}',
    });
    expect(observed).toMatchObject([{ verb: "patch", kind: "X", status: 200 }]);
  });

  it("keeps integers beyond 2^53 exact", async () => {
    handle = (_request, response) => answer(response, 200, '{"spec":{"big":9223372036854775807,"small":1}}');
    expect(valueOf(await client.request(GET, signal))).toEqual({ spec: { big: 9_223_372_036_854_775_807n, small: 1 } });
  });

  it("keeps connections for the next request", async () => {
    handle = (_request, response) => answer(response, 200, {});
    for (let turn = 0; turn < 10; turn += 1) await client.request(GET, signal);
    expect(sockets).toBeLessThanOrEqual(2); // one may still be reading the end of the answer before
  });

  it("turns refusals into faults, with Retry-After, and leaves the server alone for so long", async () => {
    let requests = 0;
    handle = (_request, response) => {
      requests += 1;
      if (requests === 1) answer(response, 429, { kind: "Status", message: "slow down" }, { "retry-after": "1" });
      else answer(response, 200, {});
    };
    expect(faultOf(await client.request(GET, signal))).toEqual({
      kind: "throttled",
      afterSeconds: 1,
      detail: "slow down",
    });
    const impatient = AbortSignal.timeout(30);
    expect(faultOf(await client.request(GET, impatient)).kind).toBe("aborted");
    expect(requests).toBe(1);
  });

  it("believes a 401 to credentials it has just read", async () => {
    let requests = 0;
    handle = (_request, response) => {
      requests += 1;
      answer(response, 401, { kind: "Status", message: "who are you" });
    };
    expect(faultOf(await client.request(GET, signal))).toMatchObject({ kind: "forbidden", status: 401 });
    expect(requests).toBe(1);
  });

  it("follows a service account token that was replaced", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "koreo-token-"));
    const tokenFile = path.join(dir, "token");
    writeFileSync(tokenFile, "old\n");
    let valid = "Bearer old";
    handle = (request, response) => answer(response, request.headers.authorization === valid ? 200 : 401, {});
    const clock = new ManualClock();
    const user = { name: "u", authProvider: { name: "tokenFile", config: { tokenFile } } };
    const pod = new ClusterClient({ kubeConfig: configFor(url, user), clock });
    valueOf(await pod.request(GET, signal));
    writeFileSync(tokenFile, "new\n");
    valid = "Bearer new";
    await clock.advance(10_000);
    valueOf(await pod.request(GET, signal));
    await pod.close();
    rmSync(dir, { recursive: true });
  });

  it("asks an exec plugin for the token", async () => {
    const credential = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "made" },
    };
    const user = { name: "u", exec: { command: "echo", args: [JSON.stringify(credential)] } };
    handle = (request, response) => answer(response, 200, { seen: request.headers.authorization });
    const plugged = new ClusterClient({ kubeConfig: configFor(url, user), clock: systemClock });
    expect(valueOf(await plugged.request(GET, signal))).toEqual({ seen: "Bearer made" });
    await plugged.close();
  });

  it("reads once more when a connection is cut, and writes only once", async () => {
    let requests = 0;
    handle = (request) => {
      requests += 1;
      request.socket.destroy();
    };
    expect(faultOf(await client.request(GET, signal)).kind).toBe("unavailable");
    expect(requests).toBe(2);
    expect(faultOf(await client.request({ ...GET, method: "POST", body: {} }, signal)).kind).toBe("unavailable");
    expect(requests).toBe(3);
    expect(observed.map(({ status }) => status)).toEqual([0, 0, 0]);
  });

  it("answers a missed deadline as unavailable, and the caller's abort as aborted", async () => {
    handle = () => undefined;
    expect(faultOf(await client.request({ ...GET, timeoutMs: 20 }, signal))).toMatchObject({ kind: "unavailable" });
    expect(faultOf(await client.request(GET, AbortSignal.timeout(20))).kind).toBe("aborted");
    expect(faultOf(await client.request(GET, AbortSignal.abort())).kind).toBe("aborted");
  });

  it("says unavailable when nobody listens", async () => {
    const lonely = new ClusterClient({ kubeConfig: configFor("http://127.0.0.1:9"), clock: systemClock });
    expect(faultOf(await lonely.request(GET, signal)).detail).toContain("ECONNREFUSED");
    await lonely.close();
  });

  it("streams, and closes on demand or when the caller aborts", async () => {
    handle = (_request, response) => {
      response.writeHead(200);
      response.write("one\n");
    };
    for (const end of ["close", "abort"] as const) {
      const caller = new AbortController();
      const stream = valueOf(await client.open({ ...GET, verb: "watch" }, caller.signal));
      const first = await stream.chunks.next();
      expect(Buffer.from(first.value as Uint8Array).toString()).toBe("one\n");
      const next = stream.chunks.next();
      if (end === "close") stream.close();
      else caller.abort();
      await expect(next).rejects.toThrow();
      stream.close();
    }
  });

  it("hands on the trace it is called in", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    propagation.setGlobalPropagator({
      inject: (_context, carrier, setter) => setter.set(carrier, "traceparent", traceparent),
      extract: (context) => context,
      fields: () => ["traceparent"],
    });
    let seen: unknown;
    handle = (request, response) => {
      seen = request.headers["traceparent"];
      answer(response, 200, {});
    };
    await client.request(GET, signal);
    propagation.disable();
    expect(seen).toBe(traceparent);
  });

  it("answers a refused stream as a fault", async () => {
    handle = (_request, response) => answer(response, 404, "404 page not found");
    expect(faultOf(await client.open({ ...GET, verb: "watch" }, signal)).kind).toBe("unknownKind");
  });

  it("forgets its callers: a long-lived signal gathers no listeners", async () => {
    handle = (_request, response) => answer(response, 200, {});
    const caller = new AbortController();
    for (let turn = 0; turn < 3; turn += 1) await client.request(GET, caller.signal);
    expect(getEventListeners(caller.signal, "abort")).toHaveLength(0);
  });
});

describe("a server's reach", () => {
  it("ends when several requests in a row had no answer, and is there again with any answer", async () => {
    handle = (_, response) => response.writeHead(200).end("{}");
    await client.request(GET, signal);
    handle = (request) => request.socket.destroy();
    await client.request(GET, signal);
    expect(client.isInReach, "one cut connection is none").toBe(true);
    for (let count = 0; count < 4; count += 1) await client.request(GET, signal);
    expect(client.isInReach).toBe(false);
    handle = (_, response) => response.writeHead(500).end("{}");
    await client.request(GET, signal);
    expect(client.isInReach).toBe(true);
  });

  it("once it has ended, ends the waiting of requests that are under way", async () => {
    handle = (request) => {
      if (request.method === "GET") request.socket.destroy();
    };
    const since = performance.now();
    const waiting = client.request({ ...GET, method: "PATCH", verb: "patch", body: {} }, signal);
    for (let count = 0; count < 3; count += 1) await client.request(GET, signal); // each is sent twice
    expect(client.isInReach).toBe(false);
    expect(faultOf(await waiting).kind).toBe("unavailable");
    expect(performance.now() - since, "of 30 s").toBeLessThan(10_000);
  });

  it("is not doubted for writes that a webhook holds", async () => {
    handle = () => undefined;
    const write = { ...GET, method: "PATCH", verb: "patch", body: {}, timeoutMs: 20 } as const;
    for (let count = 0; count < 10; count += 1)
      expect(faultOf(await client.request(write, signal)).kind).toBe("unavailable");
    expect(client.isInReach).toBe(true);
    for (let count = 0; count < 5; count += 1) await client.request({ ...GET, timeoutMs: 20 }, signal);
    expect(client.isInReach, "reads that nobody answers do say something").toBe(false);
  });

  it("is not doubted for requests that had no turn for a minute: they surely were not sent", async () => {
    handle = () => undefined;
    const clock = new ManualClock();
    const busy = new ClusterClient({ kubeConfig: configFor(url), clock, budget: { maxInFlight: 1 } });
    const given = new AbortController();
    const first = busy.request(GET, given.signal);
    const late = Array.from({ length: 10 }, () => busy.request({ ...GET, tenant: "crowd" }, signal));
    await clock.advance(60_000);
    for (const each of late) expect(faultOf(await each)).toMatchObject({ kind: "unavailable", isSent: false });
    expect(busy.isInReach).toBe(true);
    given.abort();
    await first;
    await busy.close();
  });

  it("is not doubted for requests that were given up", async () => {
    handle = () => undefined;
    for (let count = 0; count < 10; count += 1) {
      const given = new AbortController();
      const asked = client.request(GET, given.signal);
      given.abort();
      await asked;
    }
    expect(client.isInReach).toBe(true);
  });
});
