/** `npm run dashboards`: writes dashboards and alert rules into the chart. The unit suite fails when they are stale. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FOLDER, generatedFiles } from "./generated.ts";

const files = generatedFiles();
mkdirSync(FOLDER, { recursive: true });
for (const name of readdirSync(FOLDER)) {
  const file = path.join(FOLDER, name);
  if (!files.some((each) => each.file === file)) rmSync(file);
}
for (const { file, wanted } of files) writeFileSync(file, wanted);
