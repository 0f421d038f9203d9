/**
 * Who we are to one cluster: TLS options and request headers from the kubeconfig, read again now and then, so that
 * rotated service account tokens, client certificates and exec plugins are followed. Authentication is client-node's.
 */
import { KubeConfig } from "@kubernetes/client-node";
import type { RequestOptions } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Clock } from "../../engine/ports/clock.ts";

/** How often the sources are asked again. A service account token is replaced long before it ends. */
const REFRESH_INTERVAL_MS = 30_000;
/** Refused credentials are read again, but not more often than this: an exec plugin is a process each time. */
const MIN_REREAD_MS = 5000;

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** Equal text, equal `tls`: connections may be kept. */
  readonly tlsIdentity: string;
}

/** What a TLS connection to the API server needs. */
export interface TlsOptions extends Pick<SecureContextOptions, "ca" | "cert" | "key" | "pfx" | "passphrase"> {
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

export class CredentialSource {
  #config: KubeConfig;
  readonly #clock: Clock;
  #current: Promise<Credentials> | undefined;
  #readAtMs = 0;

  constructor(config: KubeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /**
   * The credentials to use now; a set that was read recently is kept.
   *
   * @throws Error from a missing file or a failing exec plugin
   */
  async get(): Promise<Credentials> {
    if (this.#current !== undefined && this.#clock.nowMs() - this.#readAtMs < REFRESH_INTERVAL_MS) return this.#current;
    this.#readAtMs = this.#clock.nowMs();
    const read = readCredentials(this.#config);
    this.#current = read;
    try {
      return await read;
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
  }

  /**
   * After a 401: the next `get` asks every source, with nothing cached by an authentication method either.
   *
   * @returns false when they were read just now: then they really are refused
   */
  forget(): boolean {
    if (this.#clock.nowMs() - this.#readAtMs < MIN_REREAD_MS) return false;
    const { clusters, users, contexts, currentContext } = this.#config;
    this.#config = new KubeConfig();
    this.#config.loadFromOptions({ clusters, users, contexts, currentContext });
    this.#current = undefined;
    return true;
  }
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers = Object.fromEntries(
    Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  if (typeof options.auth === "string") {
    headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  }
  if (headers["authorization"] !== undefined) headers["authorization"] = headers["authorization"].trim(); // token files end in a newline
  const tls = Object.fromEntries(
    (["ca", "cert", "key", "pfx", "passphrase", "rejectUnauthorized", "servername"] as const).flatMap((name) =>
      options[name] === undefined ? [] : [[name, options[name]]],
    ),
  ) as TlsOptions;
  return {
    headers,
    tls,
    tlsIdentity: JSON.stringify(Object.entries(tls).map(([name, value]) => [name, String(value)])),
  };
}
