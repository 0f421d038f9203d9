/** `koreo api` beside a real cluster: every answer is held against its own description, rights are the API server's. */
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memberAt, textMember } from "../../src/core/json.ts";
import { freePort } from "../control-plane/child.ts";
import { ApiClient, type EventListener } from "../support/api-client.ts";
import { APPS, DEFINITIONS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

const PASSWORD = "correct-horse-battery";
const STATIC_TOKEN = "static-token-0123456789";

const SECRET = `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: credentials }
spec:
  apiConfig: { apiVersion: v1, kind: Secret, plural: secrets, name: =inputs.name + "-credentials", namespace: =inputs.namespace }
  resource: { data: { password: =base64.encode(bytes(inputs.spec.password)) } }
---`;
const BROKEN = workflow("broken", step("nowhere"), "Broken");
const PLATFORM =
  workflow("site", step("first") + step("second", { more: ", before: =steps.first" }) + step("credentials")) +
  configMap("first", "{ text: =inputs.spec.text }", "  return: { text: =resource.data.text }") +
  configMap("second", "{ text: =inputs.before.text }") +
  SECRET;
const site = (name: string, text = "hello") => widget(name, `{ text: ${text}, password: ${PASSWORD} }`);

let cluster: E2eCluster;
let open: ApiClient;
let users: ApiClient;
let tokens: ApiClient;
let tokenFile: string;
/** May see everything in `apps`, nothing elsewhere. */
let reader: string;
/** May see nothing. */
let stranger: string;
const listeners: EventListener[] = [];

async function startApi(...flags: readonly string[]): Promise<ApiClient> {
  const port = await freePort();
  await cluster.stack.add("api", ["--api-port", String(port), ...flags]);
  return ApiClient.open(`http://127.0.0.1:${port}`);
}

async function tokenOf(account: string, namespace = APPS): Promise<string> {
  const answer = await cluster.access.client.request(
    {
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
      verb: "create",
      kind: "TokenRequest",
    },
    new AbortController().signal,
  );
  if (answer.kind === "fault") throw new Error(answer.fault.detail);
  return textMember(memberAt(answer.value, ["status"]), "token");
}

async function listen(client: ApiClient, query = "", token?: string): Promise<EventListener> {
  const listener = await client.listen(query, token);
  listeners.push(listener);
  return listener;
}

const INSTANCE = "/instances/e2e.koreo.test/Widget/apps/one";

beforeAll(async () => {
  cluster = await startE2e();
  await cluster.apply(PLATFORM + BROKEN + site("one") + site("two") + site("three"));
  await cluster.apply(`
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: stranger }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules:
  - { apiGroups: [e2e.koreo.test], resources: [widgets], verbs: [get, list] }
  - { apiGroups: [""], resources: [configmaps], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: reader, namespace: apps }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: definitions, namespace: defs }
rules: [{ apiGroups: [koreo.dev], resources: [workflows], verbs: [get, list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: definitions, namespace: defs }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: definitions }
subjects: [{ kind: ServiceAccount, name: reader, namespace: apps }]
`);
  tokenFile = path.join(cluster.stack.dir, "tokens");
  await writeFile(tokenFile, `${STATIC_TOKEN}\n`);
  [open, users, tokens] = await Promise.all([
    startApi(),
    startApi("--auth", "kubernetes"),
    startApi("--token-file", tokenFile),
  ]);
  for (const name of ["one", "two", "three"]) await cluster.untilReady(name);
  reader = await tokenOf("reader");
  stranger = await tokenOf("stranger");
});
afterAll(async () => {
  for (const listener of listeners) listener.stop();
  await cluster.stop();
});

describe("definitions", () => {
  it("are listed with their health, page by page", async () => {
    const { body } = await open.get("/definitions");
    const names = body.items.map(({ kind, name }: any) => `${kind} ${name}`);
    expect(names).toEqual([
      "ResourceFunction credentials",
      "ResourceFunction first",
      "ResourceFunction second",
      "Workflow broken",
      "Workflow site",
    ]);
    expect(body.items[3]).toMatchObject({ isReady: false, faultCount: 1 });
    expect(body.items[3].message).toContain("nowhere");
    const pages: string[] = [];
    let next: string | undefined = "";
    while (next !== undefined) {
      const page: any = await open.get(`/definitions?limit=2${next === "" ? "" : `&continue=${next}`}`);
      pages.push(...page.body.items.map(({ kind, name }: any) => `${kind} ${name}`));
      next = page.body.continue;
    }
    expect(pages).toEqual(names);
    expect((await open.get("/definitions?ready=false")).body.items).toHaveLength(1);
    expect((await open.get("/definitions?kind=Workflow&namespace=defs")).body.items).toHaveLength(2);
    expect((await open.get("/definitions?namespace=apps")).body.items).toEqual([]);
  });

  it("show conditions, faults and who uses them", async () => {
    const { body } = await open.get("/definitions/Workflow/defs/broken");
    expect(body.conditions[0]).toMatchObject({ type: "Ready", status: "False" });
    expect(body.faults[0].path).toBe("spec.steps[0].ref");
    expect(body.uses).toEqual([{ kind: "ResourceFunction", namespace: "defs", name: "nowhere", isMissing: true }]);
    const used = await open.get("/definitions/ResourceFunction/defs/first");
    expect(used.body.usedBy).toEqual([{ kind: "Workflow", namespace: "defs", name: "site" }]);
    expect((await open.get("/definitions/Workflow/defs/none")).status).toBe(404);
    expect((await open.get("/definitions/Secret/defs/none")).status).toBe(400);
  });

  it("are drawn as a graph", async () => {
    const { body } = await open.get("/workflows/defs/site/graph");
    const edges = body.edges.map(({ from, relation, to }: any) => `${from} ${relation} ${to}`);
    expect(edges).toContain("step:Workflow/defs/site/first before step:Workflow/defs/site/second");
    expect(edges).toContain("step:Workflow/defs/site/credentials calls ResourceFunction/defs/credentials");
    expect(edges).toContain("ResourceFunction/defs/credentials manages kind:v1/Secret");
    const broken = await open.get("/workflows/defs/broken/graph");
    expect(broken.body.nodes.map(({ health }: any) => health)).toEqual(["faulty", "faulty", "missing"]);
    expect((await open.get("/workflows/defs/none/graph")).status).toBe(404);
  });
});

describe("instances", () => {
  it("of a Workflow are listed with their verdict, page by page", async () => {
    const names: string[] = [];
    let next: string | undefined = "";
    while (next !== undefined) {
      const page: any = await open.get(
        `/workflows/defs/site/instances?limit=2${next === "" ? "" : `&continue=${next}`}`,
      );
      expect(page.status).toBe(200);
      for (const { metadata, verdict } of page.body.items) {
        names.push(metadata.name);
        expect(verdict).toMatchObject({ status: "True", reason: "Ready" });
      }
      next = page.body.continue;
    }
    expect(names).toEqual(["one", "three", "two"]);
    expect((await open.get("/workflows/defs/site/instances?in=defs")).body.items).toEqual([]);
    expect((await open.get("/workflows/defs/site/instances?continue=bWFkZSB1cA")).status).toBe(400);
    const forged = Buffer.from('["made up",0]').toString("base64url");
    expect((await open.get(`/workflows/defs/site/instances?continue=${forged}`)).status).toBe(400);
  });

  it("show conditions, objects as they are now, and their last runs", async () => {
    const { body } = await open.get(INSTANCE);
    expect(body.workflow).toEqual({ namespace: "defs", name: "site" });
    expect(body.conditions.map(({ type }: any) => type)).toEqual([
      "FirstReady",
      "SecondReady",
      "CredentialsReady",
      "Ready",
    ]);
    expect(body.inventory.map(({ kind, name, step, state }: any) => [kind, name, step, state])).toEqual([
      ["ConfigMap", "one-first", "first", "present"],
      ["ConfigMap", "one-second", "second", "present"],
      ["Secret", "one-credentials", "credentials", "present"],
    ]);
    expect(body.troubles).toEqual([]);
    expect(body.runs[0]).toMatchObject({ outcome: "ok", workflow: "defs/site" });
    const runs = await open.get(`${INSTANCE}/runs?limit=1`);
    expect(runs.body.items).toHaveLength(1);
    expect(runs.body.items[0].root.children.length).toBeGreaterThan(0);
  });

  it.each([
    "/instances/e2e.koreo.test/Widget/apps/none",
    "/instances/_/Secret/apps/one-credentials", // no Workflow is for Secrets
    "/instances/_/ConfigMap/apps/one-first",
    "/instances/e2e.koreo.test/Widget/_/one",
  ])("%s is none", async (address) => {
    expect((await open.get(address)).status).toBe(404);
  });
});

describe("queue and watchers", () => {
  it("tell what runs, waits and is delayed, and who watches what", async () => {
    const { body } = await open.get("/queue");
    expect(body.stats.delayed).toBeGreaterThanOrEqual(3);
    const keys = await open.get("/queue/keys?state=delayed&kind=Widget");
    expect(keys.body.items.map(({ name }: any) => name).sort()).toEqual(["one", "three", "two"]);
    const first = await open.get("/queue/keys?kind=Widget&limit=1");
    expect(first.body.items).toHaveLength(1);
    const rest = await open.get(`/queue/keys?kind=Widget&continue=${first.body.continue}`);
    expect(rest.body.items).toHaveLength(2);
    const watchers = await open.get("/watchers");
    expect(watchers.body.watchers).toHaveLength(1);
    const slots = watchers.body.slots.map(({ kind, isOwned }: any) => [kind, isOwned]);
    expect(slots).toEqual(
      expect.arrayContaining([
        ["Widget", true],
        ["ConfigMap", true],
        ["Secret", true],
      ]),
    );
  });
});

describe("events", () => {
  it("tell of changed instances and definitions within 2 s", async () => {
    const all = await listen(open);
    const sites = await listen(open, "?about=instances&namespace=apps&kind=Widget");
    const bySpec = all.until("of the edit", ({ event, data }) => event === "instance" && data.name === "two", 2000);
    await cluster.patch("Widget", "two", { spec: { text: "edited" } });
    const { event, ms } = await bySpec;
    expect(ms).toBeLessThan(2000);
    console.log(`an edit was told after ${ms.toFixed(0)} ms`);
    expect(event.data).toMatchObject({ change: "modified", kind: "Widget", namespace: "apps" });
    const edited = all.until(
      "of the definition",
      ({ event, data }) => event === "definition" && data.name === "second",
      2000,
    );
    await cluster.apply(configMap("second", "{ text: =inputs.before.text, more: text }"));
    expect((await edited).event.data).toMatchObject({ change: "modified", isReady: true });
    const deleted = all.until("of the end", ({ data }) => data.change === "deleted" && data.name === "broken", 2000);
    await cluster.delete("Workflow", "broken", DEFINITIONS);
    await deleted;
    expect(sites.events.filter(({ event: name }) => name === "definition")).toEqual([]);
    expect(sites.events.map(({ data }) => data.name)).toContain("two");
    await cluster.apply(BROKEN);
  });

  it("are told to those who may list what changed", async () => {
    const allowed = await listen(users, "", reader);
    const refused = await listen(users, "", stranger);
    const heard = allowed.until("of the edit", ({ data }) => data.name === "three", 2000);
    await cluster.patch("Widget", "three", { spec: { text: "edited" } });
    await heard;
    await sleep(500);
    expect(refused.events.filter(({ event }) => event !== "hello")).toEqual([]);
  });
});

describe("the cluster's own users", () => {
  it("are refused without a token, and with one nobody knows", async () => {
    const none = await users.get("/definitions");
    expect([none.status, none.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="koreo"']);
    expect((await users.get("/definitions", "not-a-token")).status).toBe(401);
  });

  it("see what they may: triggers of one namespace, Workflows, no functions", async () => {
    const definitions = await users.get("/definitions", reader);
    expect(definitions.body.items.map(({ name }: any) => name)).toEqual(["broken", "site"]);
    expect((await users.get("/definitions/ResourceFunction/defs/first", reader)).status).toBe(403);
    const graph = await users.get("/workflows/defs/site/graph", reader);
    expect(graph.body.nodes.filter(({ type }: any) => type === "kind")).toEqual([]); // it may not look into functions
    expect((await users.get("/workflows/defs/site/instances", reader)).status).toBe(403); // of all namespaces
    expect((await users.get("/workflows/defs/site/instances?in=apps", reader)).body.items).toHaveLength(3);
    const instance = await users.get(INSTANCE, reader);
    expect(instance.body.inventory.map(({ kind, state }: any) => [kind, state])).toEqual([
      ["ConfigMap", "present"],
      ["ConfigMap", "present"],
      ["Secret", "hidden"],
    ]);
    const elsewhere = await users.get("/instances/e2e.koreo.test/Widget/default/one", reader);
    expect([elsewhere.status, elsewhere.body.detail]).toEqual([
      403,
      'you may not get widgets.e2e.koreo.test "one" in namespace "default"',
    ]);
    expect((await users.get("/queue", reader)).status).toBe(200);
    const keys = await users.get("/queue/keys", reader);
    expect(new Set(keys.body.items.map(({ kind }: any) => kind))).toEqual(new Set(["Widget"]));
  });

  it("see nothing without rights", async () => {
    expect((await users.get("/definitions", stranger)).body.items).toEqual([]);
    for (const address of ["/queue", "/watchers", INSTANCE, `${INSTANCE}/runs`, "/definitions/Workflow/defs/site"])
      expect((await users.get(address, stranger)).status).toBe(403);
    expect((await users.get("/queue/keys", stranger)).body.items).toEqual([]);
  });

  it("are asked about once in a while only", async () => {
    const since = Date.now();
    for (let round = 0; round < 20; round += 1) await users.get("/definitions/Workflow/defs/site", reader);
    const asked = await cluster.requestsSince(since);
    const reviews = asked.filter(({ requestURI }) => /(?:tokenreviews|\/subjectaccessreviews)$/.test(requestURI));
    expect(reviews.length).toBeLessThan(15);
  });
});

describe("a token file", () => {
  it("lets in who has a token of it, and is read again when it changes", async () => {
    expect((await tokens.get("/queue")).status).toBe(401);
    expect((await tokens.get("/queue", "another-token-0123456789")).status).toBe(401);
    expect((await tokens.get("/queue", STATIC_TOKEN)).status).toBe(200);
    await writeFile(tokenFile, "a-newer-token-0123456789\nand-one-more-0123456789\n");
    await sleep(1200);
    expect((await tokens.get("/queue", STATIC_TOKEN)).status).toBe(401);
    expect((await tokens.get("/queue", "and-one-more-0123456789")).status).toBe(200);
    await writeFile(tokenFile, "short\n");
    await sleep(1200);
    expect((await tokens.get("/queue", "and-one-more-0123456789")).status).toBe(503);
  });
});

describe("what strangers send", () => {
  it.each([
    { name: "a very long path", address: `/${"a".repeat(10_000)}`, status: 414 },
    { name: "10,000 query parameters", address: `/queue?${"a=1&".repeat(10_000)}`, status: 431 },
    { name: "1,000 query parameters", address: `/queue?${"a=1&".repeat(1000)}`, status: 400 },
    { name: "a NUL in the path", address: "/definitions/Workflow/defs/%00", status: 400 },
    { name: "an encoded slash", address: "/definitions/Workflow/defs/..%2f..%2fsecrets", status: 400 },
    { name: "two dots", address: "/definitions/Workflow/defs/..", status: 400 },
    { name: "broken encoding", address: "/definitions/Workflow/defs/%E0%A4%A", status: 400 },
    { name: "JSON for a number", address: '/definitions?limit={"a":', status: 400 },
    { name: "a number that is too large", address: "/definitions?limit=1e9", status: 400 },
    { name: "a parameter twice", address: "/definitions?limit=1&limit=2", status: 400 },
    { name: "a parameter nobody knows", address: "/definitions?__proto__=1", status: 400 },
    { name: "another method", address: "/definitions", status: 405, method: "POST" },
    { name: "a method nobody knows", address: "/definitions", status: 405, method: "PROPFIND" },
    { name: "no such thing", address: "/secrets", status: 404 },
  ])("is refused by a problem document: $name", async ({ address, status, method = "GET" }) => {
    const answer = await raw(open.url, { path: `/api/v1${address}`, method });
    expect([answer.status, answer.type]).toEqual([status, "application/problem+json"]);
    expect(JSON.parse(answer.text)).toMatchObject({ status });
    if (status === 405) expect(answer.allow).toBe("GET, HEAD");
  });

  it("a body, or no HTTP at all", async () => {
    const withBody = await raw(open.url, { path: "/api/v1/queue", method: "GET", body: "x".repeat(100_000) });
    expect([withBody.status, withBody.type]).toEqual([413, "application/problem+json"]);
    const { port } = new URL(open.url);
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("\u0016\u0003\u0001 hello\r\n\r\n"));
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
    expect(said).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json/s);
  });

  it("a page of another site that made a browser ask us", async () => {
    const answer = await raw(open.url, { path: "/api/v1/queue", method: "GET", host: "evil.example.com" });
    expect(answer.status).toBe(403);
  });
});

describe("all of it", () => {
  it("was answered as described, and told no value of any object", async () => {
    expect(open.described.filter((each) => !open.operations.has(each))).toEqual(["getOpenApi"]); // opened with it
    const secret = Buffer.from(PASSWORD).toString("base64");
    const answers = [open, users, tokens].flatMap((client) => client.answers).join("\n");
    expect(answers.length).toBeGreaterThan(10_000);
    for (const value of [PASSWORD, secret, STATIC_TOKEN, reader]) expect(answers).not.toContain(value);
    const logs = await Promise.all(
      cluster.stack.processes.map(({ logFile }) =>
        import("node:fs/promises").then((fs) => fs.readFile(logFile, "utf8")),
      ),
    );
    for (const value of [PASSWORD, secret, STATIC_TOKEN, reader]) expect(logs.join("\n")).not.toContain(value);
  });

  it("stops at once, with listeners too", async () => {
    const listener = await listen(open);
    const [api] = cluster.stack.processes.filter(({ role }) => role === "api");
    const startMs = performance.now();
    expect(await api?.stop()).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(5000);
    await sleep(100);
    expect(listener.isEnded).toBe(true);
  });
});

interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly allow: string | undefined;
  readonly text: string;
}

/** Sends what fetch would tidy up. */
function raw(
  url: string,
  ask: { readonly path: string; readonly method: string; readonly host?: string; readonly body?: string },
): Promise<RawAnswer> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path: ask.path,
        method: ask.method,
        agent: false,
        headers: {
          ...(ask.host !== undefined && { host: ask.host }),
          ...(ask.body !== undefined && { "content-length": ask.body.length }),
        },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers["content-type"] ?? "",
            allow: response.headers.allow,
            text,
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(ask.body);
  });
}
