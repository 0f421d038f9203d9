/**
 * A worker and a watcher, each in a network of its own, whose ways to Redis and to the API server are cut one by one for longer
 * than the leases last: packets vanish, nobody is told. Nothing is lost, nothing is written twice, and everything is as wanted
 * within a minute of the way being mended; where others of the same role can go on, they do so meanwhile.
 */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../control-plane/child.ts";
import { textMember, type JsonObject } from "../../src/core/json.ts";
import { APPS, at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { NetworkCell, whyNoCells } from "../support/network-cell.ts";
import { watchedSlots } from "../support/watched-slots.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

/** Longer than the lease of a key (10 s) and the membership of a watcher (8 s). */
const CUT_MS = 12_000;
const LEASE_MS = 10_000;
const WHOLE_WITHIN_MS = 60_000;
const GROUP = 8;
const PROCESSES = "koreo-processes";

const missing = await whyNoCells();
if (missing !== undefined) console.log(`network cuts: left out, no network namespaces here: ${missing}`);

interface Case {
  readonly role: "worker" | "watcher";
  readonly server: "redis" | "api";
}
const CASES: readonly Case[] = [
  { role: "worker", server: "redis" },
  { role: "worker", server: "api" },
  { role: "watcher", server: "redis" },
  { role: "watcher", server: "api" },
];

const text = (value: string) => (object: JsonObject | undefined) => at(object, "data", "text") === value;
const isGone = (object: JsonObject | undefined) => object === undefined;

describe.skipIf(missing !== undefined)("a network that is cut", () => {
  let cluster: E2eCluster;
  let cells: Readonly<Record<Case["role"], NetworkCell>>;
  let own: string;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 0, workers: 0 });
    // Another user than the test, so that the audit log tells their writes apart.
    own = (await cluster.stack.plane?.kubeconfigFor({ user: PROCESSES, groups: ["system:masters"] })) ?? "";
    const { dir, redis, plane } = cluster.stack;
    const servers = { redis: redis.port, api: Number(new URL(plane?.url ?? "").port) };
    cells = {
      worker: await NetworkCell.open("worker", servers, dir),
      watcher: await NetworkCell.open("watcher", servers, dir),
    };
    await Promise.all((["watcher", "worker"] as const).map(startInside));
    await cluster.apply(CHAIN);
  });
  afterAll(async () => {
    await cluster.stop();
    await Promise.all(Object.values(cells).map((cell) => cell.close()));
  });

  const startInside = async (role: Case["role"]) => {
    const cell = cells[role];
    const config = JSON.parse(await readFile(own, "utf8")) as {
      clusters: { cluster: Record<string, string> }[];
    };
    for (const each of config.clusters) {
      each.cluster["server"] = `https://${cell.addressOf("api")}`;
      each.cluster["tls-server-name"] = "localhost"; // the address is not in the certificate
    }
    const inside = `${own}.${role}`;
    await writeFile(inside, JSON.stringify(config));
    const flags = ["--kubeconfig", inside, "--redis", `redis://${cell.addressOf("redis")}`];
    return cluster.stack.add(role, flags, cell);
  };

  /** Everything that can happen to a trigger and its objects, on a group of each. */
  const groups = (prefix: string) => {
    const names = (what: string) => Array.from({ length: GROUP }, (_, index) => `${prefix}-${what}-${index}`);
    return {
      justBefore: names("just-before"),
      edited: names("edited"),
      damaged: names("damaged"),
      removed: names("removed"),
      deleted: names("deleted"),
      added: names("added"),
    };
  };
  type Groups = ReturnType<typeof groups>;

  const disturb = async ({ edited, damaged, removed, deleted, added }: Groups) => {
    for (const name of edited) await cluster.patch("Widget", name, { spec: { text: "edited" } });
    for (const name of damaged) await cluster.patch("ConfigMap", `${name}-first`, { data: { text: "vandalised" } });
    for (const name of removed) await cluster.delete("ConfigMap", `${name}-second`);
    for (const name of deleted) await cluster.delete("Widget", name);
    for (const name of added) await cluster.apply(widget(name));
  };

  const untilWhole = async ({ justBefore, edited, damaged, removed, deleted, added }: Groups, withinMs: number) => {
    const since = performance.now();
    const left = () => ({ withinMs: Math.max(1, withinMs - (performance.now() - since)) });
    for (const name of deleted)
      for (const part of ["first", "second"])
        await cluster.until("ConfigMap", `${name}-${part}`, "being collected", isGone, left());
    for (const name of [...justBefore, ...edited, ...damaged, ...removed, ...added]) {
      const wanted = justBefore.includes(name) || edited.includes(name) ? "edited" : "hello";
      for (const part of ["first", "second"])
        await cluster.until("ConfigMap", `${name}-${part}`, `carrying ${wanted}`, text(wanted), left());
      await cluster.untilReady(name, left());
    }
    return performance.now() - since;
  };

  /** Writes on ConfigMaps that our processes got through, by verb and name. */
  const writesSince = async (wallMs: number) => {
    const asked = await cluster.requestsSince(wallMs);
    return asked.filter(
      ({ verb, objectRef, user, responseStatus }) =>
        ["create", "patch"].includes(verb) &&
        objectRef?.resource === "configmaps" &&
        objectRef.namespace === APPS &&
        user.username === PROCESSES &&
        (responseStatus?.code ?? 500) < 300,
    );
  };

  const expectNothingTwice = async (sinceMs: number, { damaged, removed, ...rest }: Groups) => {
    const written = Map.groupBy(
      await writesSince(sinceMs),
      ({ verb, requestURI, objectRef }) => `${verb} ${objectRef?.name ?? requestURI}`,
    );
    expect(written.size).toBeGreaterThan(0);
    for (const [what, times] of written) expect(times.length, what).toBe(1);
    const names = [...written.keys()];
    for (const name of damaged) expect(names).toContain(`patch ${name}-first`);
    for (const name of removed) expect(names).not.toContain(`patch ${name}-second`);
    for (const name of rest.deleted) expect(names.filter((each) => each.includes(`${name}-`))).toEqual([]);
  };

  const versions = async (names: readonly string[]) =>
    Promise.all(
      names.flatMap((name) =>
        [cluster.get("Widget", name), cluster.get("ConfigMap", `${name}-second`)].map(async (object) =>
          textMember(((await object) ?? {})["metadata"], "resourceVersion"),
        ),
      ),
    );

  /** Nothing is written any more, after the last runs' own records. */
  const untilSilent = async (names: readonly string[]) => {
    let before = await versions(names);
    await waitFor("silence after it", 20_000, async () => {
      await sleep(3000);
      const [former, now] = [before, await versions(names)];
      before = now;
      return now.join() === former.join();
    });
  };

  const watched = async () =>
    (await watchedSlots(cluster.stack.processes)).filter(({ untilMs }) => untilMs === undefined);
  /** Whether the watcher in the cell, which was started first, watches triggers or their objects. */
  const hasSlotInside = async () =>
    (await watched()).some(({ watcher, slot }) => watcher === "watcher-1" && /Widget|ConfigMap/.test(slot));

  /** Cuts the way, lets everything happen, and mends it. @returns how long others took to do it all, if there are any */
  const cutOff = async ({ role, server }: Case, all: Groups, isAlone: boolean): Promise<number | undefined> => {
    const sinceMs = Date.now();
    const cutAt = performance.now();
    await waitFor("the watcher in the cell having slots", 20_000, hasSlotInside);
    await cells[role].cut(server);
    try {
      await disturb(all);
      const wholeMs = isAlone ? undefined : await untilWhole(all, WHOLE_WITHIN_MS);
      await sleep(Math.max(0, CUT_MS - (performance.now() - cutAt)));
      const late = (await writesSince(sinceMs + LEASE_MS + 1000)).length;
      if (isAlone) expect(late, "writes of a worker that is cut off").toBe(0);
      return wholeMs;
    } finally {
      await cells[role].mend(server);
    }
  };

  const play = async (way: Case, prefix: string, isAlone: boolean) => {
    const all = groups(prefix);
    const { added, ...there } = all;
    for (const name of Object.values(there).flat()) await cluster.apply(widget(name));
    for (const name of Object.values(there).flat()) await cluster.untilReady(name);
    await sleep(1500); // the echoes of the last writes

    const sinceMs = Date.now();
    for (const name of all.justBefore) await cluster.patch("Widget", name, { spec: { text: "edited" } });
    const meanwhileMs = await cutOff(way, all, isAlone);
    const wholeMs = await untilWhole(all, WHOLE_WITHIN_MS);
    const names = [...Object.values(there).flat(), ...added].filter((name) => !all.deleted.includes(name));
    await untilSilent(names);
    await expectNothingTwice(sinceMs, all);
    const [ms, since] = meanwhileMs === undefined ? [wholeMs, "it was mended"] : [meanwhileMs, "the cut"];
    console.log(
      `${way.role} cut from ${way.server} for ${CUT_MS / 1000} s or more, ${isAlone ? "alone" : "beside another"}: ` +
        `whole ${(ms / 1000).toFixed(1)} s after ${since}`,
    );
  };

  describe("where nobody else can do the work", () => {
    it.each(CASES)("between $role and $server: all is done once it is mended, and nothing twice", async (way) => {
      await play(way, `alone-${way.role}-${way.server}`, true);
    });
  });

  it("a watch that hears nothing any more is found dead by the kernel, long before its own limit of 150 s", async () => {
    const watcher = cluster.stack.processes.find(({ role, pid }) => role === "watcher" && pid > 0);
    const liveStreams = async () => {
      const text = await (await fetch(`${watcher?.healthUrl ?? ""}/metrics`)).text();
      await sleep(500);
      return Number(/^koreo_watch_slots\{kind="ConfigMap",state="live"\} (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    await waitFor("the watch on ConfigMaps being live", 20_000, async () => (await liveStreams()) === 1);
    await sleep(2000); // nothing on its way
    await cells.watcher.swallow("api");
    const since = performance.now();
    try {
      await waitFor("the watch on ConfigMaps being down", 60_000, async () => (await liveStreams()) === 0);
    } finally {
      await cells.watcher.answer("api");
    }
    const seconds = (performance.now() - since) / 1000;
    console.log(`a watch without a sound was found dead after ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(40);
    await waitFor("the watch being live again", WHOLE_WITHIN_MS, async () => (await liveStreams()) === 1);
  });

  describe("where others of its role can go on", () => {
    beforeAll(async () => {
      await cluster.stack.add("worker", ["--kubeconfig", own]);
      // Who gets which slots is up to the names they give themselves: the one in the cell must have something to lose.
      for (let tries = 0; tries < 10; tries += 1) {
        const beside = await cluster.stack.add("watcher", ["--kubeconfig", own]);
        await sleep(5000);
        await waitFor("every slot being watched once", 20_000, async () => {
          const now = (await watched()).map(({ slot }) => slot);
          return new Set(now).size === now.length;
        });
        if (await hasSlotInside()) return;
        await beside.stop();
      }
      throw new Error("the watcher in the cell gets no slot");
    });

    it.each(CASES)("between one $role and $server: they do its work, and nothing is done twice", async (way) => {
      await play(way, `beside-${way.role}-${way.server}`, false);
    });
  });
});
