/** Where health and metrics are told: on all interfaces, or on the one that was named, and nowhere else. */
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { expect, it } from "vitest";
import { createRegistry } from "../../../../src/adapters/telemetry/metrics/exposition.ts";
import { startHealth } from "../../../../src/processes/shared/health.ts";

const answers = (host: string, port: number) =>
  fetch(`http://${host}:${port}/livez`).then(
    ({ ok }) => ok,
    () => false,
  );
/** Addresses of IPv4 that this machine has beside 127.0.0.1; all of 127.0.0.0/8 is its own on Linux. */
const others = [
  "127.0.0.2",
  ...Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address),
];

it("is told on all interfaces, or on one address alone", async () => {
  for (const { bind, want } of [
    { bind: undefined, want: true },
    { bind: "127.0.0.1", want: false },
  ]) {
    const endpoint = await startHealth({ bind, port: 0 }, {}, createRegistry());
    try {
      expect(await answers("127.0.0.1", endpoint.port)).toBe(true);
      for (const other of others) expect([other, await answers(other, endpoint.port)]).toEqual([other, want]);
    } finally {
      await endpoint.close();
    }
  }
});

it("says what to change where it cannot listen", async () => {
  const first = await startHealth({ bind: "127.0.0.1", port: 0 }, {}, createRegistry());
  const again = startHealth({ bind: "127.0.0.1", port: first.port }, {}, createRegistry());
  await expect(again).rejects.toThrow(`port ${first.port} is in use: choose another with --port`);
  await first.close();
  const elsewhere = startHealth({ bind: "192.0.2.1", port: 0 }, {}, createRegistry());
  await expect(elsewhere).rejects.toThrow("192.0.2.1 is no address of this machine: choose another with --health-bind");
});

it("is ready as /readyz says, from the first check on", async () => {
  const endpoint = await startHealth({ bind: "127.0.0.1", port: 0 }, { start: () => "waiting" }, createRegistry());
  const told = async () => [endpoint.isReady(), await statusOf(endpoint.port, "/readyz")];
  expect(await told()).toEqual([false, 503]);
  const troubles: string[] = [];
  endpoint.judgeBy({ redis: () => undefined, definitions: () => troubles[0] });
  expect(await told()).toEqual([true, 200]);
  troubles.push("not listed yet");
  expect(await told()).toEqual([false, 503]);
  await endpoint.close();
});

it("answers 404 to what is no address, and goes on", async () => {
  const endpoint = await startHealth({ bind: "127.0.0.1", port: 0 }, {}, createRegistry());
  for (const path of ["//", "///", "//:80", "/\\", "/livez//"]) expect(await statusOf(endpoint.port, path)).toBe(404);
  expect(await statusOf(endpoint.port, "/livez?verbose")).toBe(200);
  await endpoint.close();
});

/** Of a path as it is written: `fetch` would mend it. */
function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
}
