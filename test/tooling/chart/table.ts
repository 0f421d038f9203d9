/** The table of values in the chart's README. */
import { flat, type ChartValue } from "./values.ts";

const BEGIN = "<!-- values: written by `npm run chart:docs` from values.yaml -->";
const END = "<!-- /values -->";

/** @throws Error when the page has no place for the table */
export function withTable(readme: string, values: readonly ChartValue[]): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no place for the values: ${BEGIN} ... ${END}`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${tableOf(values)}\n\n${readme.slice(end)}`;
}

function tableOf(values: readonly ChartValue[]): string {
  const rows = flat(values).map(({ path, description, value, members }) => {
    const shown = members.length > 0 ? "" : `\`${JSON.stringify(value)}\``;
    return `| ${[`\`${path}\``, shown, description].map(escaped).join(" | ")} |`;
  });
  return ["| value | default | |", "| --- | --- | --- |", ...rows].join("\n");
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
