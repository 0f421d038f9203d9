/** A trace collector on loopback: takes OTLP over HTTP in JSON and keeps every span. */
import { createServer, type Server } from "node:http";
import { gunzipSync } from "node:zlib";
import { freePort } from "../control-plane/child.ts";

/** One span as it was exported. */
export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly service: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  /** Span ids it links to. */
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpBody {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly {
      readonly spans?: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes?: readonly OtlpAttribute[];
        readonly links?: readonly { readonly spanId: string }[];
      }[];
    }[];
  }[];
}

export class OtlpSink {
  readonly url: string;
  readonly spans: CollectedSpan[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<OtlpSink> {
    const port = await freePort();
    const server = createServer();
    const sink = new OtlpSink(server, port);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
        sink.#take(JSON.parse(text.toString()) as OtlpBody);
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return sink;
  }

  /** Spans of one trace. */
  trace(traceId: string): readonly CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take({ resourceSpans = [] }: OtlpBody): void {
    for (const { resource, scopeSpans = [] } of resourceSpans) {
      const service = String(valuesOf(resource?.attributes)["service.name"]);
      for (const span of spansOf(scopeSpans)) {
        const { name, traceId, spanId, parentSpanId = "", attributes, links = [] } = span;
        this.spans.push({
          name,
          traceId,
          spanId,
          parentSpanId,
          service,
          startMs: milliseconds(span.startTimeUnixNano),
          endMs: milliseconds(span.endTimeUnixNano),
          attributes: valuesOf(attributes),
          links: links.map((link) => link.spanId),
        });
      }
    }
  }
}

function spansOf(scopeSpans: NonNullable<NonNullable<OtlpBody["resourceSpans"]>[number]["scopeSpans"]>) {
  return scopeSpans.flatMap(({ spans = [] }) => spans);
}

/** Nanoseconds since the epoch are beyond what a number holds exactly. */
function milliseconds(nanoseconds: string): number {
  const whole = BigInt(nanoseconds);
  return Number(whole / 1_000_000n) + Number(whole % 1_000_000n) / 1e6;
}

function valuesOf(attributes: readonly OtlpAttribute[] = []): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
