/** Who is let in: everybody on this machine, whoever has a token, or the cluster's users with their rights. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../src/adapters/memory/manual-clock.ts";
import type { Reviewed } from "../../../../src/adapters/kubernetes/reviews.ts";
import { openAuthenticator, type Authenticator } from "../../../../src/processes/api/auth.ts";
import { KubernetesAuthenticator, type Reviews } from "../../../../src/processes/api/kubernetes-auth.ts";
import { Problem } from "../../../../src/processes/api/problem.ts";
import { TokenFile } from "../../../../src/processes/api/token-file.ts";
import { silentLog } from "../../../support/silent-log.ts";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const statusOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 200,
    (error: unknown) => (error instanceof Problem ? error.status : Promise.reject(error as Error)),
  );

describe("without authentication", () => {
  it.each([
    { host: "localhost:8090", status: 200 },
    { host: "127.0.0.1", status: 200 },
    { host: "[::1]:80", status: 200 },
    { host: "LOCALHOST", status: 200 },
    { host: "evil.example.com", status: 403 },
    { host: "localhost.evil.example.com", status: 403 },
    { host: "127.0.0.1.evil.example.com:80", status: 403 },
    { host: "", status: 403 },
  ])("the name $host gets $status", async ({ host, status }) => {
    expect(await statusOf(openAuthenticator.identify({ host }))).toBe(status);
  });
});

describe("a token file", () => {
  let dir: string;
  let file: string;
  const clock = new ManualClock();
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "koreo-tokens-"));
    file = path.join(dir, "tokens");
  });
  afterEach(() => rm(dir, { recursive: true }));
  const open = async (text: string) => {
    await writeFile(file, text);
    const tokens = new TokenFile(file, { clock, log: silentLog });
    await tokens.open();
    return tokens;
  };

  it("takes each of its lines", async () => {
    const tokens = await open("first-token-0123456789\n\n  second-token-0123456789 \r\n");
    expect(await statusOf(tokens.identify(bearer("first-token-0123456789")))).toBe(200);
    expect(await statusOf(tokens.identify({ authorization: "bearer second-token-0123456789" }))).toBe(200);
    for (const headers of [{}, bearer(""), bearer("first-token"), bearer("x".repeat(20)), { authorization: "Basic a" }])
      expect(await statusOf(tokens.identify(headers))).toBe(401);
  });

  it("counts as it is now, a second later", async () => {
    const tokens = await open("first-token-0123456789");
    await writeFile(file, "second-token-0123456789 ");
    await clock.advance(1000);
    expect(await statusOf(tokens.identify(bearer("first-token-0123456789")))).toBe(401);
    expect(await statusOf(tokens.identify(bearer("second-token-0123456789")))).toBe(200);
    await rm(file);
    await clock.advance(1000);
    expect(await statusOf(tokens.identify(bearer("second-token-0123456789")))).toBe(503);
    await writeFile(file, "third-token-0123456789");
    await clock.advance(1000);
    expect(await statusOf(tokens.identify(bearer("third-token-0123456789")))).toBe(200);
  });

  it.each([
    { name: "nothing", text: "\n", says: "holds no token" },
    { name: "a short one", text: "secret", says: "at least 16 characters" },
    { name: "a sentence", text: "this is no token at all", says: "no spaces" },
    { name: "too much", text: "x".repeat(70_000), says: "65536 bytes" },
  ])("with $name is refused, and its text is not told", async ({ text, says }) => {
    await expect(open(text)).rejects.toThrow(says);
    if (text.trim() !== "") await expect(open(text)).rejects.not.toThrow(text);
  });
});

describe("the cluster's users", () => {
  const clock = new ManualClock();
  const known: Reviewed = { isKnown: true, username: "ada", uid: "1", groups: ["team"], extra: {} };
  const asked: string[] = [];
  let answer: Awaited<ReturnType<Reviews["token"]>> = { kind: "ok", value: known };
  const reviews: Reviews = {
    token: (token) => {
      asked.push(`token ${token}`);
      return Promise.resolve(answer);
    },
    access: (user, right) => {
      asked.push(`${user.username} ${right.verb} ${right.resource} ${right.namespace ?? "*"}`);
      return Promise.resolve({ kind: "ok", value: right.namespace === "apps" });
    },
  };
  let users: Authenticator;
  beforeEach(() => {
    asked.length = 0;
    answer = { kind: "ok", value: known };
    users = new KubernetesAuthenticator(reviews, clock);
  });
  const right = { verb: "get", group: "a.b", resource: "widgets" } as const;

  it("are asked about once in ten seconds", async () => {
    for (let round = 0; round < 5; round += 1) {
      const caller = await users.identify(bearer("t1"));
      expect(await caller.may({ ...right, namespace: "apps" })).toBe(true);
      expect(await caller.may(right)).toBe(false);
    }
    expect(asked).toEqual(["token t1", "ada get widgets apps", "ada get widgets *"]);
    await clock.advance(10_000);
    await users.identify(bearer("t1"));
    expect(asked).toHaveLength(4);
  });

  it("are refused where the cluster does not know the token, and that is believed as well", async () => {
    answer = { kind: "ok", value: { isKnown: false } };
    for (let round = 0; round < 5; round += 1) expect(await statusOf(users.identify(bearer("t2")))).toBe(401);
    expect(asked).toHaveLength(1);
  });

  it("wait where nobody can tell, which is not believed for long", async () => {
    answer = { kind: "fault", fault: { kind: "unavailable", detail: "away" } };
    expect(await statusOf(users.identify(bearer("t3")))).toBe(503);
    answer = { kind: "ok", value: known };
    expect(await statusOf(users.identify(bearer("t3")))).toBe(200);
  });

  it("share a question that is under way", async () => {
    await Promise.all(Array.from({ length: 50 }, () => users.identify(bearer("t4"))));
    expect(asked).toEqual(["token t4"]);
  });

  it("keep the API server busy with so many questions at once and no more", async () => {
    let [inside, most] = [0, 0];
    const slow: Reviews = {
      ...reviews,
      token: async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside -= 1;
        return { kind: "ok", value: { isKnown: false } };
      },
    };
    users = new KubernetesAuthenticator(slow, clock);
    const all = Array.from({ length: 1000 }, (_, index) => statusOf(users.identify(bearer(`made-up-${index}`))));
    const statuses = await Promise.all(all);
    expect(most).toBe(16);
    expect(statuses.filter((status) => status === 401)).toHaveLength(516);
    expect(statuses.filter((status) => status === 503)).toHaveLength(484);
  });
});
