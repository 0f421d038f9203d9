/**
 * Draws who imports whom, folder by folder, from the real imports into src/README.md, between its markers. With `--check` it
 * only compares: `npm run layers` fails when the picture is old. `npm run layers:draw` writes it.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");
const FILE = path.join(ROOT, "src/README.md");
const BEGIN = "<!-- layers: drawn by npm run layers:draw -->";
const END = "<!-- /layers -->";
const LAYERS = ["cli", "processes", "adapters", "engine", "core"];

interface Cruise {
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly resolved: string }[];
  }[];
}

const text = readFileSync(FILE, "utf8");
const [before, rest = ""] = text.split(BEGIN);
const after = rest.split(END)[1] ?? "";
const drawn = `${before ?? ""}${BEGIN}\n\n${draw(cruise())}\n\n${END}${after}`;
if (!process.argv.includes("--check")) writeFileSync(FILE, drawn);
else if (drawn !== text) {
  console.error("src/README.md shows old imports. Fix: npm run layers:draw");
  process.exitCode = 1;
}

function cruise(): Cruise {
  const tool = path.join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = [tool, "--config", "test/tooling/layers.cjs", "--output-type", "json", "src"];
  const done = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  return JSON.parse(done.stdout) as Cruise;
}

function draw({ modules }: Cruise): string {
  const edges = new Set<string>();
  const folders = new Map(LAYERS.map((layer) => [layer, new Set<string>()]));
  for (const { source, dependencies } of modules) {
    const from = folderOf(source);
    if (from === undefined) continue;
    folders.get(layerOf(from))?.add(from);
    for (const { resolved } of dependencies) {
      const to = folderOf(resolved);
      // Within a layer, and from anywhere into core, everything may lead everywhere: arrows there would say nothing.
      if (to === undefined || layerOf(to) === layerOf(from)) continue;
      edges.add(layerOf(to) === "core" ? `${layerOf(from)} --> core` : `${idOf(from)} --> ${idOf(to)}`);
    }
  }
  const boxes = [...folders].map(([layer, names]) => {
    const rooms = [...names].sort().map((name) => `    ${idOf(name)}["${name.replace(`${layer}/`, "")}"]`);
    return [`  subgraph ${layer}`, ...rooms, "  end"].join("\n");
  });
  return ["```mermaid", "flowchart TB", ...boxes, ...[...edges].sort().map((edge) => `  ${edge}`), "```"].join("\n");
}

/** `engine/watcher` for a file in a folder of a layer, `engine` for one directly in it. */
function folderOf(file: string): string | undefined {
  const [src, layer = "", folder = ""] = file.split("/");
  if (src !== "src" || !LAYERS.includes(layer)) return undefined;
  return folder.includes(".") ? `${layer}/.` : `${layer}/${folder}`;
}

function layerOf(folder: string): string {
  return folder.split("/")[0] ?? "";
}

function idOf(folder: string): string {
  return folder.replace("/.", "_files").replaceAll(/[^a-z_]/g, "_");
}
