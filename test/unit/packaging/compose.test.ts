/** docker-compose.yml, its files and its page against the code they name: commands, variables, defaults, ports, Redis settings. */
import type { Command } from "commander";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly any[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly stop_grace_period?: string;
}

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
/** As Compose sees it when nothing is set. */
const load = (file: string) =>
  parse(read(file).replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1"), { merge: true, logLevel: "silent" });
const variablesOf = (text: string) => [...text.matchAll(/\$\{(\w+)/g)].map(([, name = ""]) => name);

const OWN_CLUSTER = "examples/compose/own-cluster.yaml";
const HOST_NETWORK = "examples/compose/host-network.yaml";
const FILES = ["docker-compose.yml", OWN_CLUSTER, HOST_NETWORK];
const page = read("docs/docker-compose.md");
const byDefault = load("docker-compose.yml");
const services = byDefault.services as Record<string, Service>;
const named = (name: string) => {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
};
const all = Object.entries(services).map(([name, service]) => ({ name, service }));
const roles = ["watcher", "worker", "api"].map((name) => ({ name, service: named(name) }));

const program = createProgram();
const commandOf = ({ command }: Service) => program.commands.find((each) => each.name() === command?.[0]);
const knows = (command: Command | undefined, variable: string) =>
  command?.options.some(({ description }) => new RegExp(`\\$${variable}\\b`).test(description)) === true;
const ourVariables = (environment: Service["environment"] = {}) =>
  Object.keys(environment).filter((each) => !each.startsWith("OTEL_"));

describe.each(all)("service $name", ({ name, service }) => {
  it("has a pinned image", () => {
    expect(service.image).toMatch(/^[\w./-]+:(v?\d+\.\d+\S*|local)$/);
  });

  it("is open to this machine alone", () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it("has files that exist, which it cannot write, and volumes that are declared", () => {
    for (const mount of service.volumes ?? []) {
      const [source = "", , mode] = String(mount).split(":");
      if (source.startsWith("./")) expect([existsSync(path.join(ROOT, source)), mode]).toEqual([true, "ro"]);
      else expect(Object.keys(byDefault.volumes)).toContain(source);
    }
  });

  it("has a health check, unless it ends, or its image has one, or none is possible", () => {
    const isOurs = service.image.startsWith("koreo-cluster");
    expect(service.healthcheck !== undefined || isOurs || name === "tempo").toBe(true);
  });

  it("holds no secret", () => {
    for (const variable of Object.keys(service.environment ?? {}))
      expect(variable).not.toMatch(/PASSWORD|SECRET|TOKEN(?!_FILE)|KEY/);
  });
});

const commands = all.filter(({ service }) => service.image.startsWith("koreo-cluster") && !service.entrypoint);

describe.each(commands)("service $name of the image", ({ service }) => {
  const command = commandOf(service);

  it("runs a command that exists, with flags that exist", () => {
    expect(command?.name()).toBe(service.command?.[0]);
    const flags = command?.options.map(({ long }) => long);
    for (const flag of service.command ?? []) if (flag.startsWith("--")) expect(flags).toContain(flag);
  });

  it.each(ourVariables(service.environment))("sets %s, which its command reads", (variable) =>
    expect(knows(command, variable)).toBe(true),
  );

  it("reads the kubeconfig where it is mounted, and cannot write it", () => {
    expect(service.volumes).toContain("kubeconfig:/etc/koreo:ro");
    expect(service.environment?.["KUBECONFIG"]).toBe("/etc/koreo/kubeconfig");
    expect(service.user).toMatch(/^[1-9]/);
  });
});

describe.each(roles)("$name", ({ name, service }) => {
  const environment = { ...service.environment };

  it("starts with the code's own defaults where nothing is set, but for what this file is about", () => {
    const { KOREO_REDIS_URL: redisUrl, KOREO_PORT: port, KOREO_TOKEN_FILE: file } = environment;
    const defaults = parseConfig({}, {});
    const api = { ...defaults.api, bind: "0.0.0.0", auth: { kind: "token", file } };
    expect(parseConfig({}, environment)).toEqual({
      ...defaults,
      redisUrl,
      health: { bind: undefined, port: Number(port) },
      definitionNamespaces: ["platform"],
      ...(name === "api" ? { api } : {}),
    });
  });

  it("has a port that the image's health check can ask, and Prometheus", () => {
    const port = Number(environment["KOREO_PORT"]);
    expect(port).toBeGreaterThan(0);
    const job = load("examples/compose/prometheus.yaml").scrape_configs.find((each: any) => each.job_name === name);
    expect(job.dns_sd_configs).toMatchObject([{ names: [name], type: "A", port }]);
  });

  it("reaches the Redis and the Tempo of this file", () => {
    expect(new URL(environment["KOREO_REDIS_URL"] ?? "").hostname).toBe("redis");
    const traces = new URL(environment["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "");
    expect(traces.hostname).toBe("tempo");
    const { protocols } = load("examples/compose/tempo.yaml").distributor.receivers.otlp;
    expect(protocols.http.endpoint).toBe(`0.0.0.0:${traces.port}`);
  });

  it("is traced by variables that are read, and is not where there is no Tempo", () => {
    expect(startTracing("worker", { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: "" }).enabled).toBe(false);
    const tracing = read("src/adapters/telemetry/tracing.ts");
    // What begins with OTEL_EXPORTER is the exporter's own affair.
    const ours = Object.keys(environment).filter((each) => /^OTEL_(?!EXPORTER)/.test(each));
    for (const variable of ours) expect(tracing).toContain(`env["${variable}"]`);
  });
});

describe.each(roles.filter(({ name }) => name !== "api"))("$name", ({ service }) => {
  it("has time to drain before it is killed", () => {
    const { drainMs } = parseConfig({}, { ...service.environment });
    expect(drainMs).toBeLessThan(1000 * Number.parseInt(service.stop_grace_period ?? ""));
  });
});

describe("api", () => {
  it("listens on the port that is published", () => {
    const [published = ""] = named("api").ports ?? [];
    expect(Number(published.split(":").at(-1))).toBe(parseConfig({}, {}).api.port);
  });
});

describe("redis", () => {
  const redis = named("redis");
  const option = (name: string) => redis.command?.[redis.command.indexOf(`--${name}`) + 1];

  it("is set up as the code wants it", async () => {
    const info = [
      `redis_version:${/:([\d.]+)/.exec(redis.image)?.[1] ?? ""}`,
      `maxmemory_policy:${option("maxmemory-policy") ?? ""}`,
      `aof_enabled:${option("appendonly") === "yes" ? 1 : 0}`,
    ].join("\r\n");
    expect(await checkRedisSettings({ info: async () => info })).toEqual([]);
    expect(option("appendfsync")).toBe("everysec");
  });

  it("keeps its data in a volume, and its settings on the host's network", () => {
    expect(redis.volumes).toEqual(["redis-data:/data"]);
    const onHost = load(HOST_NETWORK).services.redis.command as readonly string[];
    expect(onHost.map(String)).toEqual(expect.arrayContaining([...(redis.command ?? [])]));
    expect(onHost[onHost.indexOf("--bind") + 1]).toBe("127.0.0.1");
  });
});

describe("grafana", () => {
  const grafana = named("grafana");
  const mountOf = (source: string) =>
    grafana.volumes?.find((each: string) => each.startsWith(`./${source}:`))?.split(":")[1] as string;
  const sources = load("examples/compose/grafana/datasources.yaml").datasources as readonly any[];
  const dashboards = mountOf("charts/koreo/files/dashboards");

  it("finds its set-up where it looks for it", () => {
    expect(mountOf("examples/compose/grafana/datasources.yaml")).toMatch(
      /^\/etc\/grafana\/provisioning\/datasources\//,
    );
    expect(mountOf("examples/compose/grafana/dashboards.yaml")).toMatch(/^\/etc\/grafana\/provisioning\/dashboards\//);
    const [provider] = load("examples/compose/grafana/dashboards.yaml").providers;
    expect(provider).toMatchObject({ type: "file", options: { path: dashboards } });
    const home = grafana.environment?.["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] ?? "";
    expect(existsSync(home.replace(dashboards, path.join(ROOT, "charts/koreo/files/dashboards")))).toBe(true);
  });

  it("has the data sources that the dashboards ask for, linked by exemplars", () => {
    const folder = path.join(ROOT, "charts/koreo/files/dashboards");
    const text = readdirSync(folder)
      .map((file) => readFileSync(path.join(folder, file), "utf8"))
      .join("");
    const asked = [...text.matchAll(/"uid": "(tempo|prometheus)"/g)].map(([, uid]) => uid);
    expect(asked).toContain("tempo");
    expect(sources.map(({ uid, type }) => [uid, type])).toEqual([
      ["prometheus", "prometheus"],
      ["tempo", "tempo"],
    ]);
    for (const { url } of sources) expect(Object.keys(services)).toContain(new URL(url).hostname);
    expect(sources[0].isDefault).toBe(true);
    expect(sources[0].jsonData.exemplarTraceIdDestinations).toEqual([{ name: "trace_id", datasourceUid: "tempo" }]);
    const { http_listen_port: port } = load("examples/compose/tempo.yaml").server;
    expect(Number(new URL(sources[1].url).port)).toBe(port);
  });
});

describe("prometheus", () => {
  it("has its files where it reads them, and keeps exemplars", () => {
    const { volumes = [], command = [] } = named("prometheus");
    const [config = ""] = command.flatMap((each) => /^--config.file=(.*)/.exec(each)?.[1] ?? []);
    expect(volumes).toContain(`./examples/compose/prometheus.yaml:${config}:ro`);
    const [rules] = load("examples/compose/prometheus.yaml").rule_files;
    expect(volumes).toContain(`./charts/koreo/files/rules.yaml:${path.join(path.dirname(config), rules)}:ro`);
    expect(command).toContain("--enable-feature=exemplar-storage");
  });
});

describe.each([OWN_CLUSTER, HOST_NETWORK])("%s", (file) => {
  const overrides = load(file).services as Record<string, Partial<Service> | null>;

  it("speaks of services that there are, in variables that they read", () => {
    for (const [name, override] of Object.entries(overrides)) {
      expect(Object.keys(services)).toContain(name);
      for (const variable of ourVariables(override?.environment ?? {}))
        expect([name, variable, knows(commandOf(named(name)), variable)]).toEqual([name, variable, true]);
    }
  });
});

describe(HOST_NETWORK, () => {
  it.each(["watcher", "worker", "api"])("lets %s reach the Redis of the host, on any free port", (name) => {
    const { redis, [name]: service } = load(HOST_NETWORK).services;
    const words = redis.command as readonly (string | number)[];
    const port = words[words.indexOf("--port") + 1] ?? 0;
    expect(service.environment).toMatchObject({ KOREO_REDIS_URL: `redis://127.0.0.1:${port}`, KOREO_PORT: "0" });
    expect(service.network_mode).toBe("host");
  });
});

describe("docs/docker-compose.md", () => {
  it("lists exactly the variables of the files", () => {
    const cells = [...page.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell = ""]) => cell);
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = ""]) => name));
    const used = FILES.flatMap((file) => variablesOf(read(file)));
    expect(listed.sort()).toEqual([...new Set(used)].sort());
  });

  it("says the same defaults", () => {
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| `([^`]+)` +\|/gm)].map(([, name = "", value = ""]) => ({
      name,
      value,
    }));
    expect(rows.length).toBeGreaterThan(5);
    const text = FILES.map(read).join("");
    for (const { name, value } of rows) expect(text).toContain(`\${${name}:-${value}}`);
  });

  it("names the files that there are", () => {
    for (const file of [OWN_CLUSTER, HOST_NETWORK]) expect(page).toContain(file);
  });
});
