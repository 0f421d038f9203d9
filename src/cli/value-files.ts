/** Values from files for commands that evaluate: YAML or JSON, `-` for standard input. */
import { readFileSync, statSync } from "node:fs";
import { isPlainMap, type Value, type ValueMap } from "../core/cel/value.ts";
import { readYaml } from "../core/manifest/read-yaml.ts";
import { CommandFailed } from "./failure.ts";

/** @throws CommandFailed naming file and place when the text is not YAML, or when it holds no document or several */
export function readValue(file: string): Value {
  if (file !== "-" && statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new CommandFailed(`${file}: no such file`);
  const name = file === "-" ? "standard input" : file;
  const { documents, faults } = readYaml(readFileSync(file === "-" ? 0 : file, "utf8"));
  const [fault] = faults;
  if (fault !== undefined) throw new CommandFailed(`${name}:${fault.line}:${fault.column}: ${fault.message}`);
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0) throw new CommandFailed(`${name}: one document is needed`);
  return document.value;
}

/** @throws CommandFailed as `readValue`, and when the document is no map */
export function readMap(file: string): ValueMap {
  const value = readValue(file);
  if (!isPlainMap(value)) throw new CommandFailed(`${file}: a map is needed`);
  return value;
}
