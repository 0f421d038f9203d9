/** `koreo completion`: shell functions made from the commands themselves, so they are never out of date. */
import { Argument, type Command } from "commander";

interface Completable {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly { readonly flag: string; readonly description: string }[];
}

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(koreo completion bash)\n  koreo completion fish > ~/.config/fish/completions/koreo.fish",
    )
    .action((shell: "bash" | "zsh" | "fish") => {
      const commands = completables(program);
      console.log({ bash, zsh, fish }[shell](commands));
    });
}

function completables(program: Command): readonly Completable[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    flags: command.options.flatMap(({ long, description }) => (long == null ? [] : [{ flag: long, description }])),
  }));
}

function bash(commands: readonly Completable[]): string {
  const cases = commands.map(
    ({ name, flags }) => `    ${name}) words="${flags.map(({ flag }) => flag).join(" ")} --help" ;;`,
  );
  return `_koreo() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="${commands.map(({ name }) => name).join(" ")} --help --version"
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(" ")} --help --version"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _koreo koreo`;
}

function zsh(commands: readonly Completable[]): string {
  const names = commands.map(({ name, description }) => `    '${name}:${quoted(description)}'`);
  const cases = commands.map(
    ({ name, flags }) =>
      `    ${name}) _arguments ${flags.map(({ flag, description }) => `'${flag}[${quoted(description)}]'`).join(" ")} '*:file:_files' ;;`,
  );
  return `#compdef koreo
_koreo() {
  local -a commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${cases.join("\n")}
  esac
}
compdef _koreo koreo`;
}

function fish(commands: readonly Completable[]): string {
  const isNone = "not __fish_seen_subcommand_from " + commands.map(({ name }) => name).join(" ");
  const lines = commands.flatMap(({ name, description, flags }) => [
    `complete -c koreo -n '${isNone}' -f -a ${name} -d '${quoted(description)}'`,
    ...flags.map(
      (each) =>
        `complete -c koreo -n '__fish_seen_subcommand_from ${name}' -l ${each.flag.slice(2)} -d '${quoted(each.description)}'`,
    ),
  ]);
  return lines.join("\n");
}

/** Makes a text safe within single quotes, and within zsh's brackets and colons. */
function quoted(text: string): string {
  return text.replaceAll("'", "").replaceAll(/[[\]:]/g, "");
}
