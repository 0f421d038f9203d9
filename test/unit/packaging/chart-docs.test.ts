/** What is made of the chart's values.yaml is not stale, and the chart agrees with what else says the same. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../../src/processes/shared/config.ts";
import { CHART, generatedFiles } from "../../tooling/chart/generated.ts";
import { RULES } from "../../tooling/chart/rules.ts";
import { flat, readChartValues } from "../../tooling/chart/values.ts";
import { ROOT } from "./dockerfile.ts";

const read = (file: string) => readFileSync(path.join(CHART, file), "utf8");
const values = flat(readChartValues(read("values.yaml")));

describe("made of values.yaml", () => {
  it.each(generatedFiles().map(({ file, wanted }) => ({ name: path.basename(file), file, wanted })))(
    "$name is up to date",
    ({ file, wanted }) => {
      const isUpToDate = readFileSync(file, "utf8") === wanted;
      expect(isUpToDate, "Fix: npm run chart:docs").toBe(true);
    },
  );

  it("has no rule for a value that does not exist", () => {
    const paths = values.map((value) => value.path);
    expect(Object.keys(RULES).filter((each) => !paths.includes(each))).toEqual([]);
  });

  it("describes every value in whole sentences", () => {
    expect(values.filter(({ description }) => !/[.!]$/.test(description))).toEqual([]);
  });
});

describe("the README", () => {
  it("names no value that does not exist", () => {
    const paths = values.map((value) => value.path);
    const roles = ["watcher", "worker", "api"];
    const inherited = paths.flatMap((each) => roles.map((role) => each.replace(/^pods\b/, role)));
    const tops = new Set([...paths, ...roles].map((each) => each.split(".")[0] ?? ""));
    const [before = "", , after = ""] = read("README.md").split(/<!-- (?:values:|\/values)/);
    const named = [...(before + after).matchAll(/`([a-z]\w+(?:\.\w+)+)(?:: \w+)?`/g)].map(([, name = ""]) => name);
    const ours = named.filter((name) => tops.has(name.split(".")[0] ?? "") && !/\.(yaml|md)$/.test(name));
    expect(ours.length).toBeGreaterThan(20);
    expect(ours.filter((name) => ![...paths, ...inherited].includes(name))).toEqual([]);
  });
});

describe("values.yaml", () => {
  const defaults = parse(read("values.yaml"));

  it("has the code's defaults", () => {
    const { concurrency, resyncInterval, stepTimeout, runTimeout, drainTimeoutSeconds, logLevel } = defaults.settings;
    const flags = { resyncInterval, stepTimeout, runTimeout, logLevel, concurrency: String(concurrency) };
    expect(parseConfig({ ...flags, drainTimeout: `${drainTimeoutSeconds}s` }, {})).toEqual(parseConfig({}, {}));
  });

  it("runs the Redis that docker-compose.yml runs, set up alike", () => {
    const { image, command } = parse(readFileSync(path.join(ROOT, "docker-compose.yml"), "utf8"), { merge: true })
      .services.redis;
    expect(`${defaults.redis.bundled.repository}:${defaults.redis.bundled.tag}`).toBe(image);
    const config = read("templates/_redis.tpl");
    const words = command as readonly string[];
    for (const option of ["appendonly", "appendfsync", "maxmemory-policy"])
      expect(config).toContain(`${option} ${words[words.indexOf(`--${option}`) + 1] ?? "missing"}`);
  });

  it("names images without a registry: that is the user's", () => {
    expect(defaults.image.repository).not.toContain("/");
    expect(defaults.redis.bundled.repository).not.toContain("/");
  });
});

describe("Chart.yaml", () => {
  it("has the version of the package", () => {
    const { version, appVersion } = parse(read("Chart.yaml"));
    const manifest = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
    expect([version, appVersion]).toEqual([manifest.version, manifest.version]);
  });
});
