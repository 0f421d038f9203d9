/** The command line: every command with its flags, in the order people meet them. */
import { Command } from "commander";
import { addApply } from "./commands/apply.ts";
import { addCheck } from "./commands/check.ts";
import { addCompletion } from "./commands/completion.ts";
import { addCrds } from "./commands/crds.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addGet } from "./commands/get.ts";
import { addExplain } from "./commands/explain.ts";
import { addInspect } from "./commands/inspect.ts";
import { addPrune } from "./commands/prune.ts";
import { addQueue } from "./commands/queue.ts";
import { addRbac } from "./commands/rbac.ts";
import { addRequests } from "./commands/requests.ts";
import { addRoles } from "./commands/roles.ts";
import { addTrace } from "./commands/trace.ts";
import { addTest } from "./commands/test.ts";
import { version } from "../processes/shared/version.ts";

export function createProgram(): Command {
  const program = new Command("koreo")
    .description(
      "Koreo's control loops as a distributed reconcile cluster: watchers, a queue of keys on Redis, workers.",
    )
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .exitOverride();
  addRoles(program);
  addCrds(program);
  addApply(program);
  addGet(program);
  addInspect(program);
  addExplain(program);
  addTrace(program);
  addQueue(program);
  addRequests(program);
  addPrune(program);
  addCheck(program);
  addTest(program);
  addEvaluate(program);
  addRbac(program);
  addCompletion(program);
  program
    .command("version")
    .description("print the version")
    .action(() => console.log(version()));
  program.addHelpText(
    "after",
    `
Examples:
  koreo crds --install                       install the CustomResourceDefinitions
  koreo dev                                  watcher and worker in this process, no Redis needed
  koreo watcher --redis redis://redis:6379   one of several watchers
  koreo api --redis redis://redis:6379       what they do, by HTTP on loopback
  koreo apply -R -f examples/platform        apply a folder of manifests, with its subfolders
  koreo get workflows -A                     definitions and whether they are ready
  koreo explain webapp shop -n team-a        why it is not ready

Exit codes: 0 done, 1 failed, 2 wrong command line.`,
  );
  for (const command of program.commands) command.exitOverride().showSuggestionAfterError();
  return program;
}
