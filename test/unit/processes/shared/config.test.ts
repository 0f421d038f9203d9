/** Flags before our variables before the original's; what cannot be understood is named with its fix. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../../src/processes/shared/config.ts";
import { ConfigError, type ConfigFlags, type Environment } from "../../../../src/processes/shared/settings.ts";

describe("parseConfig", () => {
  it.each<{ name: string; flags?: ConfigFlags; env?: Environment; want: object }>([
    {
      name: "nothing given: triggers everywhere, 50 at once, resync every 20 minutes",
      want: { triggerNamespaces: "all", definitionNamespaces: undefined, concurrency: 50, resyncIntervalMs: 1_200_000 },
    },
    {
      name: "a flag wins over a variable",
      flags: { concurrency: "7" },
      env: { KOREO_CONCURRENCY: "9" },
      want: { concurrency: 7 },
    },
    { name: "a variable wins over the default", env: { KOREO_CONCURRENCY: "9" }, want: { concurrency: 9 } },
    {
      name: "the original's variables keep their meaning",
      env: { KOREO_NAMESPACE: "koreo", TEMPLATE_NAMESPACE: "templates", RESOURCE_NAMESPACE: "apps" },
      want: { definitionNamespaces: ["koreo", "templates"], triggerNamespaces: ["apps"] },
    },
    {
      name: "ours win over the original's",
      env: {
        KOREO_NAMESPACES: "a, b",
        RESOURCE_NAMESPACE: "apps",
        KOREO_DEFINITION_NAMESPACES: "d",
        KOREO_NAMESPACE: "k",
      },
      want: { triggerNamespaces: ["a", "b"], definitionNamespaces: ["d"] },
    },
    { name: "an empty variable is none", env: { KOREO_CONCURRENCY: "" }, want: { concurrency: 50 } },
    { name: "all namespaces by name", flags: { namespaces: "all" }, want: { triggerNamespaces: "all" } },
    { name: "times as Go writes them", flags: { resyncInterval: "1h30m" }, want: { resyncIntervalMs: 5_400_000 } },
    {
      name: "deadlines",
      flags: { stepTimeout: "5s", runTimeout: "1m" },
      want: { stepDeadlineMs: 5000, runDeadlineMs: 60_000 },
    },
    { name: "the API on loopback", want: { api: { bind: "127.0.0.1", port: 8090, auth: { kind: "none" } } } },
    {
      name: "the API for the cluster's users",
      flags: { bind: "0.0.0.0", auth: "kubernetes" },
      want: { api: { bind: "0.0.0.0", auth: { kind: "kubernetes" } } },
    },
    {
      name: "the API for holders of a token",
      env: { KOREO_BIND: "::", KOREO_TOKEN_FILE: "/tokens" },
      want: { api: { bind: "::", auth: { kind: "token", file: "/tokens" } } },
    },
    { name: "health on all interfaces", flags: { port: "0" }, want: { health: { bind: undefined, port: 0 } } },
    {
      name: "health on loopback",
      flags: { port: "9090" },
      env: { KOREO_HEALTH_BIND: "::1" },
      want: { health: { bind: "::1", port: 9090 } },
    },
    { name: "no health", want: { health: undefined } },
    { name: "Python's word for a level", env: { LOG_LEVEL: "WARNING" }, want: { logLevel: "warn" } },
  ])("$name", ({ flags = {}, env = {}, want }) => {
    expect(parseConfig(flags, env)).toMatchObject(want);
  });

  it.each<{ name: string; flags?: ConfigFlags; env?: Environment; says: RegExp }>([
    {
      name: "an address with a port, as controller-runtime takes it",
      flags: { port: "9090", healthBind: "127.0.0.1:8081" },
      says: /--health-bind "127\.0\.0\.1:8081": write an address such as 127\.0\.0\.1 or ::; the port is --port/,
    },
    {
      name: "a host that is no address",
      flags: { port: "9090" },
      env: { KOREO_HEALTH_BIND: "nowhere.example" },
      says: /\$KOREO_HEALTH_BIND "nowhere\.example": write an address/,
    },
    {
      name: "an address without a port",
      flags: { healthBind: "127.0.0.1" },
      says: /--health-bind: nothing listens without a port; give --port/,
    },
    {
      name: "a number that is none",
      flags: { concurrency: "many" },
      says: /^--concurrency "many": write a whole number from 1 to 1000$/,
    },
    {
      name: "a number out of range",
      env: { KOREO_CONCURRENCY: "0" },
      says: /^\$KOREO_CONCURRENCY "0": write a whole number/,
    },
    {
      name: "a time without a unit",
      flags: { resyncInterval: "20" },
      says: /--resync-interval "20": write a time such as 90s/,
    },
    { name: "no namespace name", flags: { namespaces: "Team A" }, says: /--namespaces: "Team A" is no namespace name/ },
    { name: "a name that is no release name", flags: { name: "Koreo!" }, says: /--name "Koreo!": use lower-case/ },
    {
      name: "a URL of something else",
      flags: { redis: "http://localhost" },
      says: /--redis is no Redis URL; write redis:/,
    },
    {
      name: "an API for everybody",
      flags: { bind: "0.0.0.0" },
      says: /^--bind "0.0.0.0" would let everybody who reaches it read: .*--auth kubernetes or --token-file FILE/,
    },
    { name: "an API for everybody, by a variable", env: { KOREO_BIND: "::" }, says: /^\$KOREO_BIND "::"/ },
    { name: "a way to authenticate nobody knows", flags: { auth: "basic" }, says: /--auth "basic": write kubernetes/ },
    { name: "tokens from nowhere", flags: { auth: "token" }, says: /name the file .* by --token-file/ },
    {
      name: "a token file that is not asked",
      flags: { auth: "kubernetes", tokenFile: "/tokens" },
      says: /--token-file: tokens of a file are not asked for/,
    },
    {
      name: "a password twice",
      flags: { redis: "redis://r", redisPasswordFile: "/password" },
      env: { KOREO_REDIS_PASSWORD: "hunter2" },
      says: /^(?!.*hunter2)--redis-password-file and \$KOREO_REDIS_PASSWORD both give a password/,
    },
    {
      name: "a CA without TLS",
      flags: { redis: "redis://r" },
      env: { KOREO_REDIS_CA: "/ca.crt" },
      says: /^\$KOREO_REDIS_CA is about TLS, and --redis is redis:\/\/; write rediss:/,
    },
    {
      name: "a key without its certificate",
      flags: { redis: "rediss://r", redisKey: "/tls.key" },
      says: /^--redis-key: a certificate and its key go together/,
    },
    { name: "a level nobody knows", flags: { logLevel: "loud" }, says: /write debug, info, warn or error/ },
  ])("$name is refused", ({ flags = {}, env = {}, says }) => {
    expect(() => parseConfig(flags, env)).toThrow(ConfigError);
    expect(() => parseConfig(flags, env)).toThrow(says);
  });

  it("never shows a password", () => {
    expect(() => parseConfig({ redis: "redis://user:hunter2@" }, {})).toThrow(/^(?!.*hunter2)/);
  });
});
