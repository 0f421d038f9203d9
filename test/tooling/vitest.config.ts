/** The test projects. `unit` and `simulation` need nothing running; the others use the real servers that `run-suites.ts` starts. */
import { defineConfig } from "vitest/config";

const root = new URL("../..", import.meta.url).pathname;
const suite = (name: string, include: string[], options: object = {}) => ({
  extends: true as const,
  test: { name, include, ...options },
});

/** End-to-end tests in which no short time counts: they may run beside others, two at once. */
const PATIENT = [
  "access",
  "chaos",
  "chaos-run",
  "chart-*",
  "compose-files",
  "containers",
  "dashboards",
  "deletion",
  "dev-and-cli",
  "explain",
  "faults",
  "handover",
  "hostile-definitions",
  "many-objects",
  "migration",
  "network-cuts",
  "newer-change",
  "paused-workers",
  "prune",
  "rbac",
  "redis-away",
  "redis-failover",
  "secrets",
  "secure-redis",
  "trace-store",
].map((name) => `test/e2e/${name}.test.ts`);
/** Those that also run on the oldest server. */
const ON_OLDEST = ["deletion", "drift", "objects", "outages", "prune", "reconcile"].map(
  (name) => `test/e2e/${name}.test.ts`,
);
const ONE_BY_ONE = { testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 1, fileParallelism: false };

export default defineConfig({
  root,
  cacheDir: "node_modules/.cache/vitest",
  test: {
    reporters: process.env["CI"] ? ["default"] : ["default"],
    passWithNoTests: false,
    projects: [
      suite("unit", ["test/unit/**/*.test.ts", "test/contract/**/*.memory.test.ts"], { testTimeout: 60_000 }),
      suite("simulation", ["test/simulation/**/*.test.ts"], { testTimeout: 300_000, maxWorkers: 2 }),
      suite("conformance", ["test/conformance/**/*.test.ts"], { testTimeout: 120_000 }),
      suite("integration", ["test/integration/**/*.test.ts"], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        maxWorkers: 2,
      }),
      suite("e2e-patient", PATIENT, { ...ONE_BY_ONE, maxWorkers: 2, fileParallelism: true }),
      suite("e2e-oldest", ON_OLDEST, ONE_BY_ONE),
      suite("e2e", ["test/e2e/**/*.test.ts"], { ...ONE_BY_ONE, exclude: PATIENT }),
    ],
  },
});
