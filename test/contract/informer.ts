/** What every `Informers` must do; run on memory and on a real API server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { member, type JsonObject } from "../../src/core/json.ts";
import { formatApiVersion } from "../../src/core/object-key.ts";
import type { Informers, WatchHandler, WatchScope } from "../../src/engine/ports/informer.ts";
import type { ObjectRef, ObjectStore, ResourceType } from "../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, GADGET, WIDGET } from "./object-kinds.ts";
import { metadataText, valueOf } from "./object-store.ts";

/** Informers over a cluster that serves WIDGET, GADGET and CONFIG_MAP. */
export interface InformerFixture {
  readonly informers: Informers;
  readonly store: ObjectStore;
  /** A namespace without objects of these kinds. */
  freshNamespace(): Promise<string>;
  /** Cuts every stream and keeps them cut while `work` runs; with `forget` the history is gone when they come back. */
  whileCut(work: () => Promise<void>, forget: boolean): Promise<void>;
  /** Serves a kind, or no more. */
  install(type: ResourceType): Promise<void>;
  uninstall(type: ResourceType): Promise<void>;
  close(): Promise<void>;
}

const PATIENCE = { timeout: 15_000, interval: 5 };
const LATE_KIND: ResourceType = { ...WIDGET, kind: "Latecomer", plural: "latecomers" };

/** Runs the suite on the informers that `make` builds. */
export function describeInformers(title: string, make: () => Promise<InformerFixture>): void {
  describe(`informers on ${title}`, () => {
    let fixture: InformerFixture;
    let namespace: string;
    let stop: AbortController;
    const running: Promise<void>[] = [];

    beforeAll(async () => {
      fixture = await make();
    });
    afterAll(() => fixture.close());
    beforeEach(async () => {
      stop = new AbortController();
      namespace = await fixture.freshNamespace();
    });
    afterEach(async () => {
      stop.abort();
      await Promise.all(running.splice(0));
    });

    const signal = new AbortController().signal;
    const refOf = (name: string, type: ResourceType = WIDGET): ObjectRef => ({ type, namespace, name });
    const create = async (name: string, content: JsonObject = {}, type: ResourceType = WIDGET) => {
      const body = { apiVersion: formatApiVersion(type), kind: type.kind, metadata: { name, namespace }, ...content };
      return valueOf(await fixture.store.create(refOf(name, type), body, signal));
    };
    const patch = async (name: string, body: JsonObject) =>
      valueOf(await fixture.store.patch(refOf(name), body, signal));
    const remove = async (name: string) => {
      const uid = metadataText(valueOf(await fixture.store.get(refOf(name), signal)), "uid");
      valueOf(await fixture.store.delete(refOf(name), { uid, propagationPolicy: "Background" }, signal));
    };
    const watch = (scope: Partial<WatchScope> = {}): Recorder => {
      const recorder = new Recorder();
      const whole = { type: WIDGET, namespace, metadataOnly: false, ...scope };
      running.push(fixture.informers.watch(whole, recorder, stop.signal));
      return recorder;
    };

    it("lists what is there, then tells of every change in order", async () => {
      await create("first", { spec: { size: 1 } });
      const seen = watch();
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      await create("second");
      await patch("first", { spec: { size: 2 } });
      await remove("second");
      await vi.waitFor(
        () => expect(seen.log).toEqual(["list first", "added second", "modified first", "deleted second"]),
        PATIENCE,
      );
      expect(member(seen.objects.get("first"), "spec")).toEqual({ size: 2 });
    });

    it("loses nothing across a cut, and needs no list", async () => {
      await create("kept");
      const seen = watch();
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      await fixture.whileCut(async () => {
        await create("meanwhile");
        await patch("kept", { spec: { size: 2 } });
      }, false);
      await create("afterwards");
      await vi.waitFor(
        () => expect(seen.log).toEqual(["list kept", "added meanwhile", "modified kept", "added afterwards"]),
        PATIENCE,
      );
    });

    it("lists again when the history is gone, and the list lacks what was deleted meanwhile", async () => {
      await create("kept");
      await create("gone");
      const seen = watch();
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      await fixture.whileCut(async () => {
        await remove("gone");
        await create("fresh");
      }, true);
      await vi.waitFor(() => expect(seen.log).toEqual(["list gone kept", "list fresh kept"]), PATIENCE);
      await create("later");
      await vi.waitFor(() => expect(seen.log.at(-1)).toBe("added later"), PATIENCE);
    });

    it("gives of a list what the handler has made of its objects, all of them", async () => {
      for (const name of ["one", "two", "three"]) await create(name);
      const lists: string[] = [];
      const handler: WatchHandler<string> = {
        digest: (objects) => Promise.resolve(objects.map((object) => metadataText(object, "name"))),
        onList: (names) => void lists.push([...names].sort().join()),
        onEvent: () => undefined,
        onState: () => undefined,
      };
      running.push(fixture.informers.watch({ type: WIDGET, namespace, metadataOnly: false }, handler, stop.signal));
      await vi.waitFor(() => expect(lists).toEqual(["one,three,two"]), PATIENCE);
    });

    it("watches all namespaces when none is named", async () => {
      const seen = watch({ namespace: undefined } as unknown as Partial<WatchScope>);
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      await create("anywhere");
      await vi.waitFor(() => expect(seen.log.at(-1)).toBe("added anywhere"), PATIENCE);
    });

    it("shows metadata alone when asked, under the real kind", async () => {
      await create("listed", { data: { a: "b" } }, CONFIG_MAP);
      const seen = watch({ type: CONFIG_MAP, metadataOnly: true });
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      await create("watched", { data: { a: "b" } }, CONFIG_MAP);
      await vi.waitFor(() => expect(seen.objects.has("watched")).toBe(true), PATIENCE);
      for (const name of ["listed", "watched"]) {
        const object = seen.objects.get(name);
        expect(object).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
        expect(Object.keys(object ?? {}).sort()).toEqual(["apiVersion", "kind", "metadata"]);
      }
    });

    it("counts a kind that is not served as empty, and watches it soon after it is", async () => {
      const seen = watch({ type: LATE_KIND });
      await vi.waitFor(() => expect(seen.log).toEqual(["list"]), PATIENCE);
      expect(seen.state).toBe("unknownKind");
      await fixture.install(LATE_KIND);
      await create("late", {}, LATE_KIND);
      await vi.waitFor(() => expect(seen.objects.has("late")).toBe(true), { ...PATIENCE, timeout: 5000 });
      await fixture.uninstall(LATE_KIND);
      await vi.waitFor(() => expect(seen.state).toBe("unknownKind"), PATIENCE);
      await vi.waitFor(() => expect(seen.objects.size).toBe(0), PATIENCE);
      await vi.waitFor(() => expect(seen.log.at(-1)).toBe("list"), PATIENCE);
    });

    it("waits for a slow handler, one event at a time", async () => {
      const seen = watch({ type: GADGET });
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      let release = (): void => undefined;
      seen.hold = new Promise((resolve) => (release = resolve));
      for (const name of ["one", "two", "three"]) await create(name, {}, GADGET);
      await vi.waitFor(() => expect(seen.started).toBe(1), PATIENCE);
      release();
      await vi.waitFor(() => expect(seen.log).toEqual(["list", "added one", "added two", "added three"]), PATIENCE);
      expect(seen.overlapped).toBe(false);
    });

    it("tells of an object that waits for finalizers as modified, and as deleted when it goes", async () => {
      const seen = watch();
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      await create("held");
      await patch("held", { metadata: { finalizers: ["koreo.test/hold"] } });
      await remove("held");
      await patch("held", { metadata: { finalizers: null } });
      const want = ["list", "added held", "modified held", "modified held", "deleted held"];
      await vi.waitFor(() => expect(seen.log).toEqual(want), PATIENCE);
    });

    it("lists again when a handler threw: an event was lost", async () => {
      const seen = watch();
      await vi.waitFor(() => expect(seen.state).toBe("live"), PATIENCE);
      seen.throws = true;
      await create("lost");
      await vi.waitFor(() => expect(seen.state).toBe("unavailable"), PATIENCE);
      seen.throws = false;
      await vi.waitFor(() => expect(seen.log).toEqual(["list", "list lost"]), PATIENCE);
    });

    it("ends when it is told to, whatever it is doing", async () => {
      watch();
      watch({ type: { ...WIDGET, kind: "Nothing", plural: "nothings" } });
      stop.abort();
      await Promise.all(running);
    });
  });
}

/** A handler that writes down what it is told. */
class Recorder implements WatchHandler {
  readonly log: string[] = [];
  readonly objects = new Map<string, JsonObject>();
  state = "";
  hold: Promise<void> | undefined;
  throws = false;
  started = 0;
  overlapped = false;
  private busy = false;

  onList(objects: readonly JsonObject[]): void {
    this.objects.clear();
    for (const object of objects) this.objects.set(metadataText(object, "name"), object);
    this.log.push(["list", ...[...this.objects.keys()].sort()].join(" "));
  }

  async onEvent(type: "added" | "modified" | "deleted", object: JsonObject): Promise<void> {
    if (this.throws) throw new Error("a bug of the handler");
    this.started += 1;
    this.overlapped ||= this.busy;
    this.busy = true;
    await this.hold;
    this.busy = false;
    const name = metadataText(object, "name");
    if (type === "deleted") this.objects.delete(name);
    else this.objects.set(name, object);
    this.log.push(`${type} ${name}`);
  }

  onState(state: Parameters<WatchHandler["onState"]>[0]): void {
    this.state = state.kind === "live" ? "live" : state.fault.kind;
  }
}
