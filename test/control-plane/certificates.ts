/**
 * Throw-away keys and certificates for a test control plane: one CA, a serving certificate for loopback, client
 * certificates whose common name and organisations are user and groups, and the key pair of service-account tokens.
 */
import "reflect-metadata"; // x509 needs it loaded first
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** A certificate and its private key, both PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends CertifiedKey {
  /** A serving certificate for loopback and the in-cluster names. */
  serving(): Promise<CertifiedKey>;
  /** A client certificate: Kubernetes reads user and groups from it. */
  client(identity: { readonly user: string; readonly groups: readonly string[] }): Promise<CertifiedKey>;
}

export async function createAuthority(): Promise<Authority> {
  const keys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: "CN=koreo-test-ca",
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const issue = async (subject: string, usage: string, names: x509.JsonGeneralNames): Promise<CertifiedKey> => {
    const own = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject,
      issuer: ca.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    return { certificate: certificate.toString("pem"), key: await privatePem(own.privateKey) };
  };
  return {
    certificate: ca.toString("pem"),
    key: await privatePem(keys.privateKey),
    serving: () =>
      issue("CN=kube-apiserver", SERVER_AUTH, [
        { type: "ip", value: "127.0.0.1" },
        { type: "ip", value: "10.0.0.1" },
        { type: "dns", value: "localhost" },
        { type: "dns", value: "kubernetes.default.svc" },
      ]),
    client: ({ user, groups }) =>
      issue([`CN=${user}`, ...groups.map((group) => `O=${group}`)].join(", "), CLIENT_AUTH, []),
  };
}

/** Key pair for service-account tokens: PKCS#8 private and SPKI public PEM. */
export async function createServiceAccountKeys(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const keys = await newKeys();
  const spki = new Uint8Array(await webcrypto.subtle.exportKey("spki", keys.publicKey));
  return { privateKey: await privatePem(keys.privateKey), publicKey: x509.PemConverter.encode(spki, "PUBLIC KEY") };
}

function validity() {
  const serialNumber = Buffer.from(crypto.getRandomValues(new Uint8Array(8)))
    .toString("hex")
    .replace(/^[89a-f]/, "1");
  return { serialNumber, notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 365 * DAY_MS) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", key)), "PRIVATE KEY");
}
