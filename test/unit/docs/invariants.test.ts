/** Holds the table of invariants in src/README.md to the tests that it names. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
const rows = [...read("src/README.md").matchAll(/^\| (\d+) +\| [^|]+ \| ([^|]+?) +\|$/gm)];

it("every invariant has its row", () => {
  expect(rows.map(([, number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

it.each(rows.map(([, number = "", files = ""]) => ({ number, files: files.split(", ") })))(
  "every test named for invariant $number bears its number",
  ({ number, files }) => {
    for (const file of files) {
      const titles = read(file.replaceAll("`", "")).match(/(?:it|describe)(?:\.each\([^)]*\))?\([^\n]*/g) ?? [];
      expect(
        titles.filter((title) => title.includes(`invariant ${number})`) || title.includes(`invariant ${number}:`)),
        file,
      ).not.toEqual([]);
    }
  },
);
