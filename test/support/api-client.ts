/**
 * A client of the HTTP API that believes nothing: whatever comes back is held against the OpenAPI document that the same
 * server hands out, with every object closed, so that a member nobody described is a failure.
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { isJsonObject, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";

const ROOT = "/api/v1";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const ANSWER_WITHIN_MS = 20_000;

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
  readonly text: string;
}

export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: any;
}

export class ApiClient {
  readonly url: string;
  readonly document: JsonObject;
  /** Texts of all answers, for what must be in none of them. */
  readonly answers: string[] = [];
  /** Operations that were answered with 200. */
  readonly operations = new Set<string>();
  readonly #ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  readonly #checks = new Map<string, ValidateFunction>();

  private constructor(url: string, document: JsonObject) {
    this.url = url;
    this.document = document;
    this.#ajv.addFormat("date-time", TIME);
    this.#ajv.addVocabulary(["openapi", "info", "servers", "security", "paths", "components"]);
    this.#ajv.addSchema(closed(document) as JsonObject, "api");
  }

  /** Reads the description. @param url - such as `http://127.0.0.1:8090` */
  static async open(url: string): Promise<ApiClient> {
    const reply = await fetch(`${url}${ROOT}/openapi.json`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return new ApiClient(url, (await reply.json()) as JsonObject);
  }

  /** Every operation of the document. */
  get described(): readonly string[] {
    return Object.values(memberAt(this.document, ["paths"]) as JsonObject).map((path) =>
      textMember(memberAt(path, ["get"]), "operationId"),
    );
  }

  /** Asks, and checks the answer, whatever it is. @param path - below `/api/v1` */
  async get(path: string, token?: string): Promise<ApiAnswer> {
    const reply = await fetch(`${this.url}${ROOT}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await reply.text();
    this.answers.push(text);
    const body = JSON.parse(text);
    const [template, operation] = this.#operationOf(path);
    const type = reply.headers.get("content-type") ?? "";
    const at = ["paths", template, "get", "responses", String(reply.status), "content", type, "schema"];
    if (template === "") this.#check(["components", "schemas", "Problem"], body, path);
    else this.#check(at, body, path);
    if (reply.status === 200) this.operations.add(operation);
    return { status: reply.status, headers: reply.headers, body, text };
  }

  /** Listens until stopped. Resolves once the server tells everything from now on. */
  async listen(query = "", token?: string): Promise<EventListener> {
    const listener = new EventListener((data) => this.#check(["components", "schemas", "ChangeEvent"], data, "event"));
    await listener.open(`${this.url}${ROOT}/events${query}`, token);
    this.operations.add("watchChanges");
    return listener;
  }

  #operationOf(path: string): readonly [template: string, operation: string] {
    const parts = (path.split("?")[0] ?? "").split("/");
    const found = Object.entries(memberAt(this.document, ["paths"]) as JsonObject).find(([template]) => {
      const wanted = template.split("/");
      return wanted.length === parts.length && wanted.every((part, i) => part.startsWith("{") || part === parts[i]);
    });
    return found === undefined ? ["", ""] : [found[0], textMember(memberAt(found[1], ["get"]), "operationId")];
  }

  #check(at: readonly string[], value: unknown, what: string): void {
    const pointer = at.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const known = this.#checks.get(pointer);
    if (known === undefined && memberAt(this.document, [...at]) === undefined)
      throw new Error(`${what}: the document does not describe ${at.join(" ")}: ${JSON.stringify(value)}`);
    const check = known ?? this.#ajv.compile({ $ref: `api#/${pointer}` });
    this.#checks.set(pointer, check);
    if (!check(value)) throw new Error(`${what}: ${this.#ajv.errorsText(check.errors)}\n${JSON.stringify(value)}`);
  }
}

/** The document with every object's members complete. */
function closed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(closed);
  if (!isJsonObject(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, item]) => [name, closed(item)]));
  const isObject = value["type"] === "object" && isJsonObject(value["properties"]);
  return isObject ? { ...inner, additionalProperties: false } : inner;
}

/** One stream of events. */
export class EventListener {
  readonly events: ServerEvent[] = [];
  /** Comments, such as heartbeats. */
  readonly comments: string[] = [];
  readonly #check: (data: unknown) => void;
  readonly #ending = new AbortController();
  #failure: unknown;
  isEnded = false;

  constructor(check: (data: unknown) => void) {
    this.#check = check;
  }

  async open(url: string, token?: string): Promise<void> {
    const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
    const reply = await fetch(url, { signal: this.#ending.signal, ...(headers && { headers }) });
    if (reply.status !== 200 || reply.body === null) throw new Error(`events: ${reply.status} ${await reply.text()}`);
    void this.#read(reply.body).catch((error: unknown) => (this.#failure = error));
    await this.until("hello", ({ event }) => event === "hello");
  }

  /** Resolves with the first event like this, and how long it took. */
  async until(
    what: string,
    is: (event: ServerEvent) => boolean,
    withinMs = 10_000,
  ): Promise<{ readonly event: ServerEvent; readonly ms: number }> {
    const startMs = performance.now();
    for (;;) {
      const event = this.events.find(is);
      const ms = performance.now() - startMs;
      if (event !== undefined) return { event, ms };
      if (ms > withinMs)
        throw new Error(
          `no event ${what} within ${withinMs} ms: ${String(this.#failure)} ${JSON.stringify(this.events)}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  stop(): void {
    this.#ending.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) this.#take(block);
      }
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#failure = error;
    }
    this.isEnded = true;
  }

  #take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      if (line.startsWith(":")) this.comments.push(line.slice(1).trim());
      else fields.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2));
    }
    const event = fields.get("event");
    if (event === undefined) return;
    const data = JSON.parse(fields.get("data") ?? "null") as unknown;
    try {
      if (event !== "hello") this.#check(data);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    this.events.push({ id: fields.get("id") ?? "", event, data });
  }
}
