/** Why a connection to Redis fails, with what to do: TLS and passwords go wrong in few ways. */

const CA =
  "the server's certificate is signed by nobody we trust: name the file with its CA (--redis-ca, KOREO_REDIS_CA)";

const SPEAKS =
  "nothing answers: look at host and port, and whether it speaks TLS there (rediss://) or does not (redis://)";

/** By the codes of Node and OpenSSL. */
const BY_CODE: Readonly<Record<string, string>> = {
  ECONNRESET: SPEAKS,
  ETIMEDOUT: SPEAKS,
  CERT_SIGNATURE_FAILURE: CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: CA,
  SELF_SIGNED_CERT_IN_CHAIN: CA,
  UNABLE_TO_GET_ISSUER_CERT: CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CA,
  CERT_HAS_EXPIRED: "the server's certificate has expired: renew it",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: look at the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another name: use that in the URL, or name it (--redis-server-name, KOREO_REDIS_SERVER_NAME)",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS on this port: write redis://, or the port with TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the server does not speak TLS on this port: write redis://, or the port with TLS",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    "the server asks for a certificate of ours: name it and its key (--redis-cert, --redis-key)",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the server does not trust the CA of our certificate (--redis-cert)",
};

/** By the first word of Redis' reply. */
const BY_REPLY: Readonly<Record<string, string>> = {
  NOAUTH: "it asks for a password: put one in KOREO_REDIS_PASSWORD, or in a file (--redis-password-file)",
  WRONGPASS: "it does not take this user and password",
  NOPERM: "its user lacks a right; the ACL that is needed is in docs/running.md",
};

/** @returns the error's own words, and what they mean where we know; neither contains any part of a password */
export function troubleText(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const said = error.message || error.name;
  const [word = ""] = said.split(" ", 1);
  const known = BY_CODE[code] ?? (error.name === "ReplyError" ? BY_REPLY[word] : undefined);
  return known === undefined ? said : `${known} (${said.trim()})`;
}
