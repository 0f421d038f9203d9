/** Bearer tokens from a file: anybody with one may read everything. The file is read again when it changes. */
import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import { ANYBODY, bearerToken, unauthorized, type Authenticator, type Caller } from "./auth.ts";
import { unavailable } from "./problem.ts";
import type { IncomingHttpHeaders } from "node:http";

/** How long to wait before the file is checked again. */
const LOOK_MS = 1000;
const MAX_BYTES = 65_536;
const MIN_TOKEN_LENGTH = 16;

export class TokenFile implements Authenticator {
  readonly #file: string;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #log: Logger;
  #version = "";
  #lookedMs = Number.NEGATIVE_INFINITY;
  #digests: readonly Buffer[] | undefined;
  #looking: Promise<void> | undefined;

  constructor(file: string, { clock, log }: { readonly clock: Pick<Clock, "nowMs">; readonly log: Logger }) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
  }

  /** Reads the file for the first time. @throws Error when it holds no usable token */
  async open(): Promise<void> {
    this.#digests = await readTokens(this.#file);
    this.#version = await versionOf(this.#file);
  }

  async identify(headers: IncomingHttpHeaders): Promise<Caller> {
    const digest = digestOf(bearerToken(headers));
    await this.#look();
    if (this.#digests === undefined) throw unavailable("the file with the tokens cannot be read");
    // Compares all of them, so that the time does not show which one is similar.
    const hits = this.#digests.filter((each) => timingSafeEqual(each, digest));
    if (hits.length === 0) throw unauthorized("the token is none of those that are accepted");
    return ANYBODY;
  }

  async #look(): Promise<void> {
    if (this.#clock.nowMs() - this.#lookedMs < LOOK_MS && this.#looking === undefined) return;
    this.#looking ??= this.#lookAgain().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  /** A missing or empty file ends all access: an operator may have revoked it. */
  async #lookAgain(): Promise<void> {
    this.#lookedMs = this.#clock.nowMs();
    try {
      const version = await versionOf(this.#file);
      if (version === this.#version && this.#digests !== undefined) return;
      this.#digests = await readTokens(this.#file);
      this.#version = version;
      this.#log.info({ file: this.#file, tokens: this.#digests.length }, "the file with the tokens was read again");
    } catch (error) {
      if (this.#digests !== undefined)
        this.#log.error({ file: this.#file, error }, "the file with the tokens cannot be read");
      this.#digests = undefined;
    }
  }
}

async function versionOf(file: string): Promise<string> {
  const { mtimeMs, ctimeMs, size, ino, dev } = await stat(file);
  return [mtimeMs, ctimeMs, size, ino, dev].join(" ");
}

async function readTokens(file: string): Promise<readonly Buffer[]> {
  const { size } = await stat(file);
  if (size > MAX_BYTES) throw new Error(`${file}: more than ${MAX_BYTES} bytes of tokens`);
  const lines = (await readFile(file, "utf8")).split("\n").map((line) => line.trim());
  const tokens = lines.filter((line) => line !== "");
  if (tokens.length === 0) throw new Error(`${file} holds no token`);
  if (tokens.some((token) => token.length < MIN_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(token))) {
    throw new Error(`${file}: a token has at least ${MIN_TOKEN_LENGTH} characters, no spaces, one token a line`);
  }
  return tokens.map(digestOf);
}

/** Its length does not depend on the token's, as the comparison requires. */
function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
