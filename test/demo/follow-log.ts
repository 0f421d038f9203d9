/** Prints a process' JSON log as it grows, one short line per entry. */
import { open } from "node:fs/promises";
import { systemClock } from "../../src/adapters/system/clock.ts";

const LOOK_MS = 200;

/** Follows until the signal is aborted. */
export async function followLog(name: string, file: string, signal: AbortSignal): Promise<void> {
  const handle = await open(file, "r");
  let rest = "";
  try {
    for (let at = 0; !signal.aborted;) {
      await systemClock.sleep(LOOK_MS, signal);
      const { size } = await handle.stat();
      if (size === at) continue;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - at), 0, size - at, at);
      at += bytesRead;
      const lines = (rest + buffer.subarray(0, bytesRead).toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) console.log(`${name.padEnd(10)} ${shortened(line)}`);
    }
  } finally {
    await handle.close();
  }
}

/** Said by the line's place, or of no use to a reader. */
const LEFT_OUT = new Set(["level", "msg", "error", "time", "role", "id", "traceId", "spanId"]);

function shortened(line: string): string {
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const fields = Object.fromEntries(Object.entries(entry).filter(([name]) => !LEFT_OUT.has(name)));
    const { error } = entry;
    const failure = error === undefined ? "" : ` ${typeof error === "string" ? error : JSON.stringify(error)}`;
    return `${String(entry["level"]).padEnd(5)} ${String(entry["msg"])} ${JSON.stringify(fields)}${failure}`;
  } catch {
    return line; // no JSON: a crash
  }
}
