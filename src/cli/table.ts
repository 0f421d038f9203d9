/** Tables as kubectl prints them: upper-case heads, columns of equal width, three spaces apart, no lines. */

/** @param rows - cells by row; a missing cell is empty */
export function formatTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    heads
      .map((_head, column) => (cells[column] ?? "").padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd();
  return [line(heads), ...rows.map(line)].join("\n");
}

/** An age as kubectl writes it: 45s, 3m, 2h, 5d; "" for no time. */
export function formatAge(timestamp: string, nowMs: number): string {
  const sinceMs = nowMs - Date.parse(timestamp);
  if (Number.isNaN(sinceMs)) return "";
  const seconds = Math.max(0, Math.floor(sinceMs / 1000));
  const [units] = [
    { unit: "d", seconds: 86_400 },
    { unit: "h", seconds: 3600 },
    { unit: "m", seconds: 120 },
  ].filter((each) => seconds >= each.seconds);
  if (units === undefined) return `${seconds}s`;
  return units.unit === "m" ? `${Math.floor(seconds / 60)}m` : `${Math.floor(seconds / units.seconds)}${units.unit}`;
}
