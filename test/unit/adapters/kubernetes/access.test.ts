/** What the API server is asked about our own rights, and how often. */
import { beforeEach, describe, expect, it } from "vitest";
import { AccessReview } from "../../../../src/adapters/kubernetes/access.ts";
import type { ClusterClient } from "../../../../src/adapters/kubernetes/client.ts";
import { memberAt, textMember } from "../../../../src/core/json.ts";
import { CONFIG_MAP } from "../../../contract/object-kinds.ts";

const SIGNAL = new AbortController().signal;

describe("an access review", () => {
  /** `VERB NAMESPACE`, with "*" for all namespaces. */
  let allowed: Set<string>;
  let asked: string[];
  let urgencies: Set<string | undefined>;
  const request: ClusterClient["request"] = ({ body, urgency }) => {
    const attributes = memberAt(body, ["spec", "resourceAttributes"]);
    const question = `${textMember(attributes, "verb")} ${textMember(attributes, "namespace") || "*"}`;
    asked.push(question);
    urgencies.add(urgency);
    return Promise.resolve({ kind: "ok", value: { status: { allowed: allowed.has(question) } } });
  };
  const review = new AccessReview({ request });

  beforeEach(() => {
    asked = [];
    urgencies = new Set();
  });

  it("asks for the whole cluster first and does not even look for namespaces where that is allowed", async () => {
    allowed = new Set(["list *", "watch *"]);
    const namespaces = () => Promise.reject(new Error("nobody needs them"));
    const scope = await review.watchScopeFor(CONFIG_MAP, namespaces, SIGNAL);
    expect(scope).toEqual({ kind: "ok", value: { kind: "cluster" } });
    expect(asked).toEqual(["list *", "watch *"]);
  });

  it("asks one question about a namespace where not even listing is allowed, and keeps the order", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `ns-${String(index).padStart(2, "0")}`);
    allowed = new Set(names.slice(10).flatMap((name) => [`list ${name}`, `watch ${name}`]));
    const scope = await review.watchScopeFor(CONFIG_MAP, () => Promise.resolve(names), SIGNAL);
    expect(scope).toMatchObject({ value: { kind: "namespaces", namespaces: names.slice(10) } });
    expect(asked).toHaveLength(1 + 10 + 2 * 10);
  });

  it("yields to everything else we ask of the server", async () => {
    allowed = new Set(["list *"]);
    const scope = await review.watchScopeFor(CONFIG_MAP, () => Promise.resolve([]), SIGNAL);
    expect(scope).toMatchObject({ value: { kind: "none" } });
    expect([...urgencies]).toEqual(["review"]);
  });
});
