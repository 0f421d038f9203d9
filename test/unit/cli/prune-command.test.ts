import { describe, expect, it } from "vitest";
import { koreo } from "./koreo.ts";

describe("koreo prune", () => {
  it.each([
    { name: "without a terminal and without --yes", args: [], says: /there is no terminal: give --yes, or --dry-run/ },
    { name: "of objects likewise", args: ["--objects"], says: /there is no terminal/ },
    {
      name: "of definitions by kind",
      args: ["--dry-run", "--kind", "secrets"],
      says: /--older-than are for --objects/,
    },
    { name: "with an age that is none", args: ["--objects", "--older-than", "soon"], says: /write seconds/ },
  ])("$name ends with 2 and says why", async ({ args, says }) => {
    const { code, stdout, stderr } = await koreo(["prune", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(says);
  });

  it("is completed with its flags", async () => {
    const { stdout } = await koreo(["completion", "bash"]);
    expect(stdout).toMatch(/^ +prune\) words="[^"]*--objects[^"]*--dry-run --yes/m);
  });
});
