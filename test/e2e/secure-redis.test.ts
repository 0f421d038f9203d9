/**
 * A Redis that speaks TLS and knows users: processes that have just the rights the docs name run on it, every way to get it wrong
 * says what to do, and no password is told.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority, type Authority } from "../control-plane/certificates.ts";
import { freePort } from "../control-plane/child.ts";
import { startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { koreo } from "../support/koreo-command.ts";
import { ROOT } from "../support/stack.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

const PASSWORD = "hunter2-hunter2/@#";
const DOCUMENTED = /^user koreo on >PASSWORD (.*)$/m;

describe("a Redis with TLS and users", () => {
  let cluster: E2eCluster;
  let authority: Authority;
  let dir = "";
  let port = 0;
  const file = (name: string) => path.join(dir, name);
  /** CONFIG SET of several at once, for certificate and key must fit. */
  const configure = (...pairs: readonly string[]) => cluster.redis.call("CONFIG", "SET", ...pairs);
  const url = (user = "") => `rediss://${user}127.0.0.1:${port}`;
  const secured = () => [
    ...["--redis", url(), "--redis-user", "koreo", "--redis-password-file", file("password")],
    ...["--redis-ca", file("ca.crt")],
  ];
  const queue = (flags: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    koreo(["queue", ...flags], env);

  beforeAll(async () => {
    cluster = await startE2e({ watchers: 0, workers: 0 });
    authority = await createAuthority();
    dir = path.join(cluster.stack.dir, "tls");
    await mkdir(dir);
    const serving = await authority.serving();
    const client = await authority.client({ user: "koreo", groups: [] });
    const files = {
      "ca.crt": authority.certificate,
      "tls.crt": serving.certificate,
      "tls.key": serving.key,
      "client.crt": client.certificate,
      "client.key": client.key,
      password: `${PASSWORD}\n`,
      wrong: "not-this-one",
      empty: "",
      "other-ca.crt": (await createAuthority()).certificate,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
    port = await freePort();
    await configure(
      ...["tls-cert-file", file("tls.crt"), "tls-key-file", file("tls.key"), "tls-ca-cert-file", file("ca.crt")],
      ...["tls-auth-clients", "no", "tls-port", String(port)],
    );
    const [, rules = ""] = DOCUMENTED.exec(await readFile(path.join(ROOT, "docs/running.md"), "utf8")) ?? [];
    expect(rules).not.toBe("");
    await cluster.redis.call("ACL", "SETUSER", "koreo", "on", `>${PASSWORD}`, ...rules.split(" "));
    await cluster.redis.call("ACL", "SETUSER", "default", "resetpass"); // this connection stays, no other comes in
  });
  afterAll(() => cluster.stop());

  it("is enough for watcher, worker and commands, with the rights that the docs name", async () => {
    await cluster.stack.add("watcher", secured());
    await cluster.stack.add("worker", secured());
    await cluster.apply(CHAIN);
    await cluster.apply(widget("safe"));
    await cluster.untilReady("safe");
    await cluster.apply(widget("safe", "{ text: edited }"));
    await cluster.untilReady("safe");
    await cluster.delete("Widget", "safe");
    await cluster.until("ConfigMap", "safe-second", "being collected", (object) => object === undefined);
    await cluster.apply(widget("kept"));
    await cluster.untilReady("kept");
    for (const command of [["queue"], ["trace", "widget", "kept", "-n", "apps", ...cluster.stack.clusterFlags]]) {
      const { code, stderr } = await koreo([...command, ...secured()]);
      expect([code, stderr]).toEqual([0, ""]);
    }
    const denied = (await cluster.redis.call("ACL", "LOG")) as readonly unknown[];
    expect(denied).toEqual([]);
  });

  it("is reached by a URL alone, by the environment, and with a certificate where one is asked for", async () => {
    const ca = ["--redis-ca", file("ca.crt")];
    const written = url(`koreo:${encodeURIComponent(PASSWORD)}@`);
    expect(await queue([...ca, "--redis", written])).toMatchObject({ code: 0, stderr: "" });
    const env = { KOREO_REDIS_URL: url("koreo@"), KOREO_REDIS_PASSWORD: PASSWORD, KOREO_REDIS_CA: file("ca.crt") };
    expect(await queue([], env)).toMatchObject({ code: 0, stderr: "" });
    expect(await queue([], { ...env, KOREO_REDIS_URL: env.KOREO_REDIS_URL.replace("rediss", "REDISS") })).toMatchObject(
      {
        code: 0,
      },
    );
    await configure("tls-auth-clients", "yes");
    const refused = await queue(secured());
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/--redis-cert, --redis-key/)]);
    const shown = ["--redis-cert", file("client.crt"), "--redis-key", file("client.key")];
    expect(await queue([...secured(), ...shown])).toMatchObject({ code: 0, stderr: "" });
    await configure("tls-auth-clients", "no");
  });

  it("says what to do about every way to get it wrong, and never the password", async () => {
    const plain = cluster.stack.redis.url;
    const named = (name: string) => ["--redis-server-name", name];
    const host = `rediss://localhost:${port}`;
    const rows: readonly (readonly [readonly string[], RegExp])[] = [
      [secured().slice(0, -2), /name the file with its CA \(--redis-ca/],
      [[...secured().slice(0, -1), file("other-ca.crt")], /name the file with its CA \(--redis-ca/],
      [[...secured(), ...named("redis.example.com")], /certificate is for another name/],
      [[...secured(), "--redis", plain.replace("redis:", "rediss:")], /whether it speaks TLS there/],
      [["--redis", `redis://127.0.0.1:${port}`], /whether it speaks TLS there/],
      [[...secured(), "--redis-password-file", file("wrong")], /does not take this user and password/],
      [["--redis", url(), "--redis-ca", file("ca.crt")], /asks for a password: put one in KOREO_REDIS_PASSWORD/],
      [[...secured(), "--name", "another"], /its user lacks a right|NOPERM/],
      [[...secured(), "--redis-password-file", file("none")], /--redis-password-file: .* cannot be read \(ENOENT\)/],
      [[...secured(), "--redis-password-file", file("empty")], /is empty/],
      [["--redis", plain, "--redis-ca", file("ca.crt")], /--redis-ca is about TLS, and --redis is redis:\/\//],
      [[...secured(), "--redis-cert", file("client.crt")], /--redis-cert: a certificate and its key go together/],
      [["--redis", `rediss://koreo:${PASSWORD}@127.0.0.1:${port}`], /--redis is no Redis URL; .*%2F/],
    ];
    for (const [flags, says] of rows) {
      const { code, stdout, stderr } = await queue(flags);
      expect([code !== 0, stderr], flags.join(" ")).toEqual([true, expect.stringMatching(says)]);
      expect(stdout + stderr).not.toMatch(/hunter2|not-this-one/);
    }
    expect(await queue([...secured(), "--redis", host])).toMatchObject({ code: 0 });
    for (const { logFile } of cluster.stack.processes) expect(await readFile(logFile, "utf8")).not.toContain("hunter2");
  });
});
