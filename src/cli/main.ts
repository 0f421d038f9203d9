#!/usr/bin/env node
/** The command `koreo`: exit code 0 when done, 1 when something failed, 2 for a command line that makes no sense. */
import { CommanderError } from "commander";
import { ConfigError } from "../processes/shared/settings.ts";
import { CommandFailed } from "./failure.ts";
import { createProgram } from "./program.ts";
import { guardTerminal } from "./terminal-text.ts";

const USAGE = 2;

// `koreo get ... | head` closes the pipe while we write: that is not our failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

guardTerminal();
try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE; // commander has printed it
  if (error instanceof ConfigError) {
    console.error(`koreo: ${error.message}\nSee koreo --help.`);
    return USAGE;
  }
  console.error(`koreo: ${error instanceof Error ? error.message : String(error)}`);
  // The message above covers what a user can fix; the stack is for us.
  if (!(error instanceof CommandFailed) && process.env["KOREO_DEBUG"] !== undefined) console.error(error);
  return 1;
}
