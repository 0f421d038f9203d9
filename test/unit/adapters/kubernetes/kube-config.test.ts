import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeConnection, loadKubeConfig } from "../../../../src/adapters/kubernetes/kube-config.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "koreo-kubeconfig-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const CONFIG = {
  clusters: [
    { name: "one", cluster: { server: "https://one.test:6443" } },
    { name: "odd", cluster: { server: "no url" } },
  ],
  users: [{ name: "me", user: { token: "t" } }],
  contexts: [
    { name: "first", context: { cluster: "one", user: "me" } },
    { name: "no-cluster", context: { cluster: "two", user: "me" } },
    { name: "no-user", context: { cluster: "one", user: "you" } },
    { name: "odd", context: { cluster: "odd", user: "me" } },
  ],
  "current-context": "first",
};

function fileOf(content: unknown): string {
  const file = path.join(dir, "config");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

describe("loadKubeConfig", () => {
  it("takes the current context of the file, or the one named", () => {
    expect(describeConnection(loadKubeConfig({ kubeconfig: fileOf(CONFIG) }))).toBe(
      'https://one.test:6443 (context "first")',
    );
    expect(loadKubeConfig({ kubeconfig: fileOf(CONFIG), context: "first" }).getCurrentUser()?.token).toBe("t");
  });

  it.each([
    {
      name: "an unknown context",
      context: "other",
      want: /config: no context "other" \(it has: first, no-cluster, no-user, odd\)/,
    },
    {
      name: "a context of a missing cluster",
      context: "no-cluster",
      want: /context "no-cluster" names cluster "two", which is missing/,
    },
    {
      name: "a context of a missing user",
      context: "no-user",
      want: /context "no-user" names user "you", which is missing/,
    },
    { name: "a server that is no URL", context: "odd", want: /"no url" is no server URL/ },
  ])("names file and context for $name", ({ context, want }) => {
    expect(() => loadKubeConfig({ kubeconfig: fileOf(CONFIG), context })).toThrow(want);
  });

  it.each([
    { name: "that is missing", file: () => path.join(dir, "missing"), want: /missing cannot be read: ENOENT/ },
    { name: "that is no kubeconfig", file: () => fileOf("{"), want: /config cannot be read/ },
    {
      name: "without a current context",
      file: () => fileOf({ ...CONFIG, "current-context": "" }),
      want: /no current-context/,
    },
  ])("names a file $name", ({ file, want }) => {
    expect(() => loadKubeConfig({ kubeconfig: file() })).toThrow(want);
  });
});
