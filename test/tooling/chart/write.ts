/** `npm run chart:docs`: writes the chart's table of values and its schema. The unit suite fails when they are stale. */
import { writeFileSync } from "node:fs";
import { generatedFiles } from "./generated.ts";

for (const { file, wanted } of generatedFiles()) writeFileSync(file, wanted);
