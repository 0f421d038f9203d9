/**
 * `npm run build`: compiles `src/` into an empty `dist/`, and copies beside it what the compiled code reads at run time
 * and tsc leaves out (the Lua scripts). Plain JavaScript, so that any Node of the `engines` range runs it.
 */
import { spawnSync } from "node:child_process";
import { cpSync, rmSync, statSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
const at = (name) => path.join(root, name);

// Outputs of sources that are gone would be packed as well.
rmSync(at("dist"), { recursive: true, force: true });

const { status, error } = spawnSync(process.execPath, [at("node_modules/typescript/bin/tsc"), "-p", "src"], {
  cwd: root,
  stdio: "inherit",
});
if (error !== undefined) throw error;
if (status !== 0) process.exit(status ?? 1);

cpSync(at("src"), at("dist"), {
  recursive: true,
  filter: (source) => statSync(source).isDirectory() || !/\.(?:ts|md)$|[\\/]tsconfig\.json$/.test(source),
});
