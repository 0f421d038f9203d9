/** The guide to the language shows manifests that exist: each is a document of `examples/guide`, or a part of one. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");
const folder = path.join(root, "examples/guide");
const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), "utf8"));
const blocks = [...readFileSync(path.join(root, "docs/language.md"), "utf8").matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text = ""]) => text,
);

describe("docs/language.md", () => {
  it("shows every kind", () => {
    const kinds = ["ValueFunction", "ResourceFunction", "ResourceTemplate", "Workflow", "FunctionTest"];
    expect(kinds.filter((kind) => !blocks.some((block) => block.includes(`\nkind: ${kind}\n`)))).toEqual([]);
    expect(blocks.length).toBeGreaterThan(7);
  });

  it.each(blocks.map((block) => ({ block, title: /name: (\S+)/.exec(block)?.[1] ?? "" })))(
    "shows $title as it is in the example",
    ({ block }) => {
      expect(files.some((text) => text.includes(block))).toBe(true);
    },
  );
});
