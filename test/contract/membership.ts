/** What every `Membership` tells people; run on memory and on a real Redis. What watchers rely on is tested with them. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatKind } from "../../src/core/object-key.ts";
import type { Membership } from "../../src/engine/ports/membership.ts";

export interface MembershipFixture {
  readonly membership: Membership;
  close(): Promise<void>;
}

const SLOT = formatKind({ cluster: "local", group: "a.b", kind: "Widget" });
const OTHER = formatKind({ cluster: "local", group: "", kind: "Secret" });

export function describeMembership(title: string, make: () => Promise<MembershipFixture>): void {
  describe(`the overview of a membership on ${title}`, () => {
    let fixture: MembershipFixture;
    beforeEach(async () => {
      fixture = await make();
    });
    afterEach(() => fixture.close());

    it("is empty where nobody is", async () => {
      expect(await fixture.membership.overview()).toEqual({ watchers: [], owners: new Map() });
    });

    it("tells the live watchers with what is left of their time, and what was claimed last", async () => {
      const { membership } = fixture;
      const { epoch } = await membership.heartbeat("b", 60_000);
      await membership.heartbeat("a", 50);
      await membership.claim("a", [SLOT, OTHER], epoch);
      await membership.claim("b", [OTHER], epoch);
      await membership.claim("c", [OTHER], "of a store that lost its data");
      expect((await membership.overview()).watchers.map(({ id }) => id)).toEqual(["a", "b"]);
      await sleep(100);
      const { watchers, owners } = await membership.overview();
      expect(watchers).toEqual([{ id: "b", remainingMs: expect.any(Number) as number }]);
      expect(watchers[0]?.remainingMs).toBeGreaterThan(50_000);
      expect(owners).toEqual(
        new Map([
          [SLOT, "a"],
          [OTHER, "b"],
        ]),
      );
    });

    it("makes nobody a member", async () => {
      await fixture.membership.heartbeat("a", 60_000);
      await fixture.membership.overview();
      expect((await fixture.membership.heartbeat("a", 60_000)).watchers).toEqual(["a"]);
      await fixture.membership.leave("a");
      expect((await fixture.membership.overview()).watchers).toEqual([]);
    });
  });
}
