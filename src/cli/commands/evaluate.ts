/** The flags of `koreo eval` and `koreo render`, which evaluate an expression or a function without a cluster. */
import { Option, type Command } from "commander";
import type { EvalOptions } from "../actions/eval.ts";
import type { RenderOptions } from "../actions/render.ts";

const FORMAT = () => new Option("-o, --output <format>", "how to print").choices(["yaml", "json"]).default("yaml");

export function addEvaluate(program: Command): void {
  program
    .command("eval")
    .description("evaluate one expression")
    .argument("<expression>", "CEL as in manifests, with or without the leading =; - reads it from standard input")
    .option("--inputs <file>", "YAML or JSON that the expression sees as inputs")
    .option("--scope <file>", "a map of all variables, such as inputs, locals, parent, steps, resource")
    .addOption(FORMAT())
    .addHelpText("after", "\nExample:\n  echo '{name: Ada}' | koreo eval '\"Hello \" + inputs.name' --inputs -")
    .action(async (expression: string, options: EvalOptions) => {
      const { evaluate } = await import("../actions/eval.ts");
      evaluate(expression, options);
    });
  program
    .command("render")
    .description("show what a function returns, or the request a ResourceFunction would send")
    .argument("<paths...>", "files and folders with the function and what it uses")
    .option("--name <name>", "which function, where there are several")
    .option("--inputs <file>", "YAML or JSON with its inputs")
    .option("--resource <file>", "the object as it is in the cluster; without it the object is created")
    .option("--with-record", "show the annotation with the record of what was sent, too")
    .addOption(FORMAT())
    .addHelpText("after", "\nExample:\n  koreo render examples/platform --name web-app-service --inputs inputs.yaml")
    .action(async (paths: readonly string[], options: RenderOptions) => {
      const { render } = await import("../actions/render.ts");
      render(paths, options);
    });
}
