/**
 * A small Debian as one tar file, for images where no registry can be asked: debootstrap's smallest variant, made once into the
 * cache (1 to 2 minutes, needs root). Holds this machine's own certificate authorities, so that what is built on it reaches
 * what this machine reaches.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { buildOnce, cacheDir, isComplete, type Report } from "./cache.ts";
import { unpackPackages } from "./debian-packages.ts";
import { canRun, execute } from "./execute.ts";

const SUITE = "bookworm";
const FILE = "base.tar";
/** Rises when what is made changes. */
const RECIPE = "1";
const AUTHORITIES = "usr/local/share/ca-certificates";
/** What the slim images of Debian leave out, too. */
const LEFT_OUT = ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt/archives", "var/lib/apt/lists"];

/** @returns the tar file. @throws Error saying what is missing */
export async function provideDebianBase(report: Report): Promise<string> {
  const authorities = existsSync(`/${AUTHORITIES}`) ? await readdir(`/${AUTHORITIES}`) : [];
  const hash = createHash("sha256").update(RECIPE);
  for (const name of authorities.sort()) hash.update(await readFile(`/${AUTHORITIES}/${name}`));
  const dir = path.join(cacheDir(), `debian-${SUITE}-${hash.digest("hex").slice(0, 12)}`);
  const folder = { dir, programs: [FILE] };
  if (!isComplete(folder)) await buildOnce(folder, report, (scratch) => build(scratch, authorities, report));
  return path.join(dir, FILE);
}

async function build(out: string, authorities: readonly string[], report: Report): Promise<void> {
  report(`making a small Debian ${SUITE} with debootstrap: once, 1 to 3 minutes`);
  const tree = path.join(out, "tree");
  const { command, env } = await provideDebootstrap(out);
  await execute(command, ["--variant=minbase", SUITE, tree], { deadlineMs: 10 * 60_000, env, logFile: `${out}.log` });
  for (const folder of LEFT_OUT) {
    await rm(path.join(tree, folder), { recursive: true, force: true });
    await mkdir(path.join(tree, folder));
  }
  // As in the images that this stands in for: what is installed later brings no pages and no languages either.
  const rules = ["doc", "man", "locale"].map((name) => `path-exclude /usr/share/${name}/*\n`).join("");
  await writeFile(path.join(tree, "etc/dpkg/dpkg.cfg.d/docker"), rules);
  await mkdir(path.join(tree, AUTHORITIES), { recursive: true });
  for (const name of authorities) await cp(`/${AUTHORITIES}/${name}`, path.join(tree, AUTHORITIES, name));
  await execute("tar", ["--create", "--file", path.join(out, FILE), "--directory", tree, "."], { deadlineMs: 120_000 });
  await rm(tree, { recursive: true });
}

/** A shell script with its own folder: this machine's, else that of Debian's package. */
async function provideDebootstrap(out: string): Promise<{ command: string; env: Readonly<Record<string, string>> }> {
  if (await canRun("debootstrap")) return { command: "debootstrap", env: {} };
  await unpackPackages(["debootstrap"], out);
  const env = { DEBOOTSTRAP_DIR: path.join(out, "usr/share/debootstrap") };
  return { command: path.join(out, "usr/sbin/debootstrap"), env };
}
