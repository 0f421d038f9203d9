/** The script of `helm test`, which runs in the image without our code. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { CHART } from "../../tooling/chart/generated.ts";

const script = readFileSync(path.join(CHART, "files/test/ready.mjs"), "utf8");
let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

/** A Pod that answers with these codes in turn, then with the last one. */
async function podAnswering(...codes: readonly number[]): Promise<string> {
  let asked = 0;
  server = createServer((request, response) => {
    const code = request.url === "/readyz" ? (codes[Math.min(asked, codes.length - 1)] ?? 404) : 404;
    asked += 1;
    response.writeHead(code).end(`answer ${asked}\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function run(...places: readonly string[]) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script, ...places]);
  const heard = { text: "" };
  child.stdout.on("data", (chunk: Buffer) => (heard.text += chunk.toString()));
  return { child, heard };
}

describe("helm test", () => {
  it("waits until every Pod is ready, and says what they said", async () => {
    const { child, heard } = run(await podAnswering(503, 200));
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(heard.text).toBe("127.0.0.1 127.0.0.1: 503\nanswer 1\n\n127.0.0.1 127.0.0.1: 200\nanswer 2\n\n");
  });

  it("does not pass while nobody answers", async () => {
    const place = await podAnswering(200);
    server?.close();
    const { child, heard } = run(place);
    await once(child.stdout, "data");
    expect(child.exitCode).toBe(null);
    child.kill();
    await once(child, "exit");
    expect(heard.text).toMatch(/127\.0\.0\.1: fetch failed .*ECONNREFUSED/);
  });
});
