/** Which texts are addresses of Redis, and that none of them is ever shown. */
import { describe, expect, it } from "vitest";
import { describeTarget, urlFault } from "../../../../src/adapters/redis/target.ts";
import { troubleText } from "../../../../src/adapters/redis/connection-trouble.ts";

describe("a Redis URL", () => {
  it.each([
    ["redis://r", "redis://r:6379"],
    ["rediss://user:hunter2@r:6380/3", "rediss://r:6380/3"],
    ["REDISS://:hunter2@[::1]/", "rediss://[::1]:6379"],
    ["redis://user:hunter2%2F%40%25@r?family=6", "redis://r:6379"],
  ])("%s is shown as %s", (url, shown) => expect(describeTarget(url)).toBe(shown));

  it.each([
    { name: "another scheme", url: "http://:hunter2@r" },
    { name: "no URL", url: "hunter2" },
    { name: "no host", url: "redis://user:hunter2@" },
    { name: "a slash in a password", url: "redis://:12/hunter2@r" },
    { name: "a slash that leaves a host and a port", url: "redis://user:12/hunter2@r:6379" },
    { name: "a question mark that does", url: "redis://user:12?hunter2@r:6379" },
    { name: "a hash that does", url: "redis://user:12#hunter2@r:6379" },
    { name: "a bare per cent", url: "redis://:hunter2%@r" },
  ])("$name is refused with what to write, without any of it", ({ url }) => {
    expect(urlFault(url)).toMatch(/write|%25/);
    expect(urlFault(url)).not.toMatch(/hunter2/);
    expect(() => describeTarget(url)).toThrow(/^(?!.*hunter2)the Redis target/);
  });
});

describe("trouble with a connection", () => {
  const fault = (code: string, name = "Error", message = "words of the library") =>
    Object.assign(new Error(message), { code, name });
  it.each([
    [fault("SELF_SIGNED_CERT_IN_CHAIN"), "--redis-ca"],
    [fault("ERR_TLS_CERT_ALTNAME_INVALID"), "--redis-server-name"],
    [fault("", "ReplyError", "NOAUTH Authentication required."), "KOREO_REDIS_PASSWORD"],
  ])("says what to do, and what was said", (error, says) => {
    expect(troubleText(error)).toContain(says);
    expect(troubleText(error)).toContain(error.message);
  });

  it("is told in the library's words where we know no better", () => {
    expect(troubleText(fault("EHOSTUNREACH"))).toBe("words of the library");
    expect(troubleText(fault("", "Error", "NOAUTH as others say it"))).toBe("NOAUTH as others say it");
  });
});
