/** Programs out of Debian's packages, unpacked into a folder: no root, nothing installed, no service started. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { asRoot, execute } from "./execute.ts";

/**
 * Downloads packages in the versions of this machine's Debian and unpacks them into `dir`, which exists.
 *
 * @throws Error saying what went wrong; apt's lists are updated first where they are empty and that is possible
 */
export async function unpackPackages(packages: readonly string[], dir: string): Promise<void> {
  const download = () => execute("apt-get", ["download", ...packages], { cwd: dir, deadlineMs: 120_000 });
  await download().catch(async () => {
    const root = await asRoot();
    if (root === undefined)
      throw new Error("apt's package lists are empty and updating them needs root or passwordless sudo");
    const [command, ...args] = [...root, "apt-get", "update"] as const;
    await execute(command, args, { deadlineMs: 180_000 });
    await download();
  });
  for (const file of await readdir(dir)) {
    if (file.endsWith(".deb")) await execute("dpkg", ["-x", path.join(dir, file), dir], { deadlineMs: 60_000 });
  }
}
