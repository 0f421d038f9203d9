/**
 * The folder that holds what is built or fetched once per user, outside the repository, and how a build gets into it: under
 * a lock and renamed into place, so that half a build is never used.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";

/** Says what is being done, one line at a time. */
export type Report = (line: string) => void;

/** A folder in the cache, and the programs it holds once it is complete. */
export interface BuiltFolder {
  readonly dir: string;
  readonly programs: readonly string[];
}

const here = import.meta.dirname;
const LOCK_STALE_MS = 60 * 60_000;

/** `KOREO_CACHE_DIR`, else a folder in the user's cache. */
export function cacheDir(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache");
  return process.env["KOREO_CACHE_DIR"] ?? path.join(base, "koreo-cluster");
}

export function isComplete({ dir, programs }: BuiltFolder): boolean {
  return programs.every((program) => existsSync(path.join(dir, program)));
}

/**
 * Tells builds of different recipes apart.
 *
 * @param files - what the recipe is made of, below this folder
 */
export async function recipeHash(recipe: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(recipe);
  for (const file of files) hash.update(await readFile(path.join(here, file)));
  return hash.digest("hex").slice(0, 12);
}

/** Builds into a scratch folder that is handed over, unless another process was faster. */
export async function buildOnce(
  folder: BuiltFolder,
  report: Report,
  build: (scratch: string) => Promise<void>,
): Promise<void> {
  const { dir, programs } = folder;
  const scratch = `${dir}.building`;
  await mkdir(path.dirname(dir), { recursive: true });
  await takeLock(`${dir}.lock`, report);
  try {
    if (isComplete(folder)) return; // another process built it while we waited
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    await build(scratch);
    if (!isComplete({ dir: scratch, programs }))
      throw new Error(`the build ended without one of ${programs.join(", ")}`);
    await rename(scratch, dir);
  } finally {
    await rm(`${dir}.lock`, { force: true });
  }
}

/** Resolves once the file is ours; whoever takes it removes it in the end. What a dead process left is taken over. */
export async function takeLock(lock: string, report: Report): Promise<void> {
  for (let waited = false; ; waited = true) {
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      return;
    } catch {
      if (!waited) report(`waiting for another process (${lock})`);
    }
    const owner = Number(await readFile(lock, "utf8").catch(() => "0"));
    const age = await stat(lock).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > LOCK_STALE_MS || (owner > 0 && !isAlive(owner))) await rm(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
