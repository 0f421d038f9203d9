import { writeFileSync } from "node:fs";
import { workflowCases } from "./workflows-corpus.ts";
import { Lane } from "./workflows-lane.ts";
import { comparePhase, mismatchText } from "./workflows-compare.ts";
const pattern = process.argv[2] ? new RegExp(process.argv[2]) : /./;
const lanes = Number(process.argv[3] ?? 2);
const all = workflowCases().filter((c) => pattern.test(c.name));
const queue = [...all];
const out: string[] = [];
const states: Record<string, unknown> = {};
const t0 = performance.now();
let done = 0;
await Promise.all(
  Array.from({ length: Math.min(lanes, all.length) }, async () => {
    const lane = await Lane.start();
    console.log("lane up", ((performance.now() - t0) / 1000).toFixed(1));
    try {
      for (let c = queue.shift(); c !== undefined; c = queue.shift()) {
        try {
          const kase = c;
          const r = await lane.play(
            c,
            (phase, played) => comparePhase(kase, phase, played.state).mismatches.length === 0,
          );
          states[c.name] = r;
          const ms = r.states.flatMap(({ state }, i) => comparePhase(kase, i, state).mismatches);
          out.push(...ms.map(mismatchText));
          r.states.forEach((s, i) => {
            if (!s.isSettled) out.push(`${kase.name} phase ${i} not settled`);
          });
          done += 1;
          console.log(
            `${((performance.now() - t0) / 1000).toFixed(1)} ${done}/${all.length} ${c.name} ${(r.ms / 1000).toFixed(1)}s ${r.states.length} phases, ${ms.length} mismatches`,
          );
        } catch (e) {
          out.push(`${c.name} CRASH ${String(e)}`);
          console.log(c.name, e);
        }
      }
    } finally {
      await import("node:fs/promises").then((f) =>
        f.cp(lane.dir + "/logs", "/tmp/wf-logs", { recursive: true, force: true }),
      );
      await lane.stop();
    }
  }),
);
writeFileSync("/tmp/wf-mismatches.txt", out.join("\n") + "\n");
writeFileSync(
  "/tmp/wf-states.json",
  JSON.stringify(states, (_n, v: unknown) => (typeof v === "bigint" ? String(v) : v), 1),
);
console.log("total", ((performance.now() - t0) / 1000).toFixed(1), out.length, "lines");
