/**
 * Loaded into a process before its own code (`NODE_OPTIONS=--import`): on SIGUSR2 it does to itself what the file named by
 * KOREO_TEST_DISTURB says. `block MS` holds the event loop, as a long computation does; `jump MS` moves the wall clock.
 */
import { readFileSync } from "node:fs";

const file = process.env["KOREO_TEST_DISTURB"];
let aheadMs = 0;
const realNow = Date.now.bind(Date);
Date.now = () => realNow() + aheadMs;

if (file !== undefined)
  process.on("SIGUSR2", () => {
    const [what, ms] = readFileSync(file, "utf8").split(" ");
    if (what === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
    if (what === "jump") aheadMs += Number(ms);
  });
