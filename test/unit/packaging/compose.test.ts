/** docker-compose.yml and its page against the code they name: commands, variables, defaults, Redis settings. */
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkRedisSettings } from "../../../src/adapters/redis/connection.ts";
import { startTracing } from "../../../src/adapters/telemetry/tracing.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { parseConfig } from "../../../src/processes/shared/config.ts";
import { ROOT } from "./dockerfile.ts";

interface Service {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly any[];
  readonly stop_grace_period?: string;
}

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const text = read("docker-compose.yml");
const page = read("docs/docker-compose.md");
const variables = [...new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = ""]) => name))].sort();

/** As Compose sees it when nothing is set. */
const byDefault = parse(text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1"), { merge: true });
const { redis, ...koreo } = byDefault.services as Record<string, Service> & { readonly redis: Service };
const roles = ["watcher", "worker"].map((name) => ({ name, service: koreo[name] as Service }));

const program = createProgram();
const commandOf = ({ command }: Service) => program.commands.find((each) => each.name() === command[0]);
const knows = (command: Command | undefined, variable: string) =>
  command?.options.some(({ description }) => new RegExp(`\\$${variable}\\b`).test(description)) === true;

describe.each(Object.entries(koreo).map(([name, service]) => ({ name, service })))("service $name", ({ service }) => {
  const command = commandOf(service);

  it("runs a command that exists, with flags that exist", () => {
    expect(command?.name()).toBe(service.command[0]);
    const flags = command?.options.map(({ long }) => long);
    for (const flag of service.command.slice(1)) expect(flags).toContain(flag);
  });

  it.each(Object.keys(service.environment).filter((each) => !each.startsWith("OTEL_")))(
    "sets %s, which its command reads",
    (variable) => expect(knows(command, variable)).toBe(true),
  );

  it("reads the kubeconfig where it is mounted, and cannot write it", () => {
    const [mount] = service.volumes;
    expect(mount.target).toBe(service.environment["KUBECONFIG"]);
    expect(mount.read_only).toBe(true);
    expect(mount.bind.create_host_path).toBe(false);
  });
});

describe.each(roles)("$name", ({ service }) => {
  const environment = { ...service.environment };

  it("starts with the code's own defaults where nothing is set", () => {
    const { KOREO_REDIS_URL: redisUrl, KOREO_PORT: port } = environment;
    expect(parseConfig({}, environment)).toEqual({ ...parseConfig({}, {}), redisUrl, healthPort: Number(port) });
  });

  it("has a port that the image's health check can ask", () => {
    expect(Number(environment["KOREO_PORT"])).toBeGreaterThan(0);
  });

  it("reaches the Redis of this file", () => {
    expect(new URL(environment["KOREO_REDIS_URL"] ?? "").hostname).toBe("redis");
  });

  it("has time to drain before it is killed", () => {
    expect(parseConfig({}, environment).drainMs).toBeLessThan(1000 * Number.parseInt(service.stop_grace_period ?? ""));
  });

  it("is not traced unless asked, by variables that are read", () => {
    expect(startTracing("worker", environment).enabled).toBe(false);
    const tracing = read("src/adapters/telemetry/tracing.ts");
    // What begins with OTEL_EXPORTER is the exporter's own affair.
    const ours = Object.keys(environment).filter((each) => /^OTEL_(?!EXPORTER)/.test(each));
    for (const variable of ours) expect(tracing).toContain(`env["${variable}"]`);
  });
});

describe("redis", () => {
  const option = (name: string) => redis.command[redis.command.indexOf(`--${name}`) + 1];

  it("is set up as the code wants it", async () => {
    const info = [
      `redis_version:${/:([\d.]+)/.exec(redis.image)?.[1] ?? ""}`,
      `maxmemory_policy:${option("maxmemory-policy") ?? ""}`,
      `aof_enabled:${option("appendonly") === "yes" ? 1 : 0}`,
    ].join("\r\n");
    expect(await checkRedisSettings({ info: async () => info })).toEqual([]);
    expect(option("appendfsync")).toBe("everysec");
  });

  it("keeps its data in a volume", () => {
    const [mount] = redis.volumes;
    expect(Object.keys(byDefault.volumes)).toContain(mount.split(":")[0]);
    expect(mount).toMatch(/:\/data$/);
  });
});

describe("docs/docker-compose.md", () => {
  it("lists exactly the variables of the file", () => {
    const cells = [...page.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell = ""]) => cell);
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
    expect(listed.sort()).toEqual(variables);
  });

  it("says the same defaults", () => {
    const rows = [...page.matchAll(/^\| `(\w+)` +\| `([^`]+)` +\|/gm)].map(([, name = "", value = ""]) => ({
      name,
      value,
    }));
    expect(rows.length).toBeGreaterThan(5);
    for (const { name, value } of rows) expect(text).toContain(`\${${name}:-${value}}`);
  });

  it("has an override for the host's network that fits the file", () => {
    const override = parse(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? "");
    expect(Object.keys(override.services).sort()).toEqual(Object.keys(byDefault.services).sort());
    const [published] = override.services.redis.ports;
    for (const { name, service } of roles) {
      const { environment, network_mode } = override.services[name] as Service & { readonly network_mode: string };
      expect(network_mode).toBe("host");
      expect(Object.keys(environment).filter((each) => !knows(commandOf(service), each))).toEqual([]);
      expect(published.startsWith(`${new URL(environment["KOREO_REDIS_URL"] ?? "").host}:`)).toBe(true);
      expect(environment["KOREO_PORT"]).toBe("0");
    }
  });
});
