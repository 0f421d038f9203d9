/**
 * The real Docker Compose 2, built once from its Go module into the cache (about 5 minutes on 2 cores, 67 MB). It judges
 * docker-compose.yml and runs the containers of the tests; where no Go can be had there is none, and those are skipped.
 */
import path from "node:path";
import { buildOnce, cacheDir, isComplete, recipeHash, type Report } from "./cache.ts";
import { buildWithGo, findGo } from "./go.ts";

/** The same as in compose/go.mod: the newest that speaks to the Docker of Debian 12. */
const VERSION = "v2.40.3";
const MODULE = "github.com/docker/compose/v2";
/** Rises when what is built changes by more than the module files say. */
const RECIPE = "1";

/** @returns the program; undefined when it cannot be built, which is said. `KOREO_TEST_COMPOSE=none`: it is known that it cannot. */
export async function provideCompose(report: Report): Promise<string | undefined> {
  const dir = path.join(cacheDir(), `compose-${VERSION}-${await recipeHash(RECIPE, ["compose/go.sum"])}`);
  const folder = { dir, programs: ["docker-compose"] };
  try {
    if (!isComplete(folder)) {
      if (process.env["KOREO_TEST_COMPOSE"] === "none") throw new Error("it could not be built before");
      await buildOnce(folder, report, (scratch) => build(scratch, report));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    report(`no Docker Compose, so what needs it is skipped: ${why}`);
    return undefined;
  }
  return path.join(dir, "docker-compose");
}

async function build(out: string, report: Report): Promise<void> {
  const go = await findGo(report);
  report(`building Docker Compose ${VERSION} from its Go module with ${go}: once, 3 to 8 minutes (log: ${out}.log)`);
  const target = path.join(out, "docker-compose");
  const ldflags = `-s -w -X ${MODULE}/internal.Version=${VERSION}`;
  await buildWithGo(go, out, [{ module: "compose", target, ldflags, packages: [`${MODULE}/cmd`] }], report);
}
