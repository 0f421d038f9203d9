/**
 * An admission webhook on loopback that answers what a label of the object asks for: the way to have a real API server
 * refuse a write with any status, or answer it late. The label `refuse: "429"` is refused with 429; `delay: "5"` is let
 * through after 5 s. What it asks for can be lifted while the test runs.
 */
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { createAuthority } from "../control-plane/certificates.ts";
import { freePort } from "../control-plane/child.ts";
import type { E2eCluster } from "./e2e-cluster.ts";

export class RefusingWebhook {
  readonly #server: Server;
  /** The configuration to apply: for ConfigMaps, on create and update. */
  readonly #manifest: JsonObject;
  /** Objects that are being held back now. */
  readonly held = new Set<string>();
  /** How often it was asked about each object. */
  readonly reviews = new Map<string, number>();
  #isLifted = false;

  private constructor(server: Server, manifest: JsonObject) {
    this.#server = server;
    this.#manifest = manifest;
  }

  /** Starts one and has the cluster ask it. */
  static async startOn(cluster: Pick<E2eCluster, "applyObjects">): Promise<RefusingWebhook> {
    const webhook = await RefusingWebhook.#start();
    await cluster.applyObjects([webhook.#manifest]);
    return webhook;
  }

  static async #start(): Promise<RefusingWebhook> {
    const authority = await createAuthority();
    const { certificate, key } = await authority.serving();
    const port = await freePort();
    const server = createServer({ cert: certificate, key });
    const webhook = new RefusingWebhook(server, manifest(port, authority.certificate));
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const review = JSON.parse(Buffer.concat(chunks).toString()) as JsonObject;
        void webhook.#answer(review).then((answer) => {
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return webhook;
  }

  /** From now on everything is allowed at once. */
  lift(): void {
    this.#isLifted = true;
  }

  /** From now on labels count again. */
  hold(): void {
    this.#isLifted = false;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(review: JsonObject): Promise<JsonObject> {
    const uid = memberAt(review, ["request", "uid"]) ?? "";
    const name = textMember(memberAt(review, ["request"]), "name");
    const asked = (label: string) => Number(memberAt(review, ["request", "object", "metadata", "labels", label]) ?? 0);
    const [code, delaySeconds] = this.#isLifted ? [0, 0] : [asked("refuse"), asked("delay")];
    this.held.add(name);
    this.reviews.set(name, (this.reviews.get(name) ?? 0) + 1);
    for (let waitedMs = 0; waitedMs < delaySeconds * 1000 && !this.#isLifted; waitedMs += 50) await sleep(50);
    this.held.delete(name);
    const verdict =
      code === 0
        ? { allowed: true }
        : { allowed: false, status: { code, message: `refused with ${code} by the test` } };
    return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: { uid, ...verdict } };
  }
}

function manifest(port: number, ca: string): JsonObject {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "refusing" },
    webhooks: [
      {
        name: "refusing.e2e.koreo.test",
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(ca).toString("base64") },
        rules: [{ operations: ["CREATE", "UPDATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }],
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 30,
        admissionReviewVersions: ["v1"],
      },
    ],
  };
}
