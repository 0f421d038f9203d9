/**
 * A real control plane on loopback: etcd, kube-apiserver and kube-controller-manager as processes that end with us.
 * Used by the demo, `npm run dev`, the integration and e2e suites, and the benchmarks.
 */
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { createAuthority, createServiceAccountKeys, type CertifiedKey } from "./certificates.ts";
import { freePort, GuardedChild, waitFor } from "./child.ts";
import type { ControlPlaneBinaries } from "./provide.ts";

export interface ControlPlaneOptions {
  readonly binaries: ControlPlaneBinaries;
  /** Working directory; a temporary one by default. */
  readonly dir?: string;
  /** Write an audit log with one JSON line per request. */
  readonly audit?: boolean;
  /** Where the API server exports its spans: host and port of OTLP over gRPC. Servers older than 1.27 export none. */
  readonly traceEndpoint?: string;
  readonly apiServerArgs?: readonly string[];
}

/** One server process that tests may stop, kill, pause and start again. */
export interface ServerProcess {
  readonly pid: number;
  stop(): Promise<number | undefined>;
  kill(): Promise<number | undefined>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface ControlPlane {
  readonly url: string;
  readonly version: string;
  readonly dir: string;
  /** File with the administrator's (system:masters) access. */
  readonly kubeconfig: string;
  readonly auditLog: string | undefined;
  readonly apiServer: ServerProcess;
  readonly controllerManager: ServerProcess;
  /** Writes a kubeconfig with a fresh client certificate and returns its path. */
  kubeconfigFor(identity: { readonly user: string; readonly groups: readonly string[] }): Promise<string>;
  /** Writes a kubeconfig with a bearer token and returns its path. */
  kubeconfigWithToken(name: string, token: string): Promise<string>;
  stop(): Promise<void>;
}

const READY_DEADLINE_MS = 60_000;
const CONTROLLERS = "garbagecollector,namespace,deployment,replicaset,serviceaccount";

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { binaries } = options;
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), "koreo-plane-")));
  await mkdir(dir, { recursive: true });
  const file = (name: string) => path.join(dir, name);
  const [etcdPort, etcdPeerPort, apiPort, managerPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const url = `https://127.0.0.1:${apiPort}`;

  // 1. Keys and certificates.
  const authority = await createAuthority();
  const [serving, accounts, admin] = await Promise.all([
    authority.serving(),
    createServiceAccountKeys(),
    authority.client({ user: "koreo-test-admin", groups: ["system:masters"] }),
  ]);
  const writeKubeconfig = async (name: string, user: JsonUser) => {
    await writeFile(file(name), kubeconfigText(url, authority.certificate, user), { mode: 0o600 });
    return file(name);
  };
  const kubeconfigFor = (name: string, identity: CertifiedKey) => writeKubeconfig(name, certifiedUser(identity));
  await writeAll(dir, {
    "ca.crt": authority.certificate,
    "serving.crt": serving.certificate,
    "serving.key": serving.key,
    "accounts.key": accounts.privateKey,
    "accounts.pub": accounts.publicKey,
    "audit-policy.yaml": AUDIT_POLICY,
    "tracing.yaml": tracingConfiguration(binaries.version, options.traceEndpoint),
  });
  const kubeconfig = await kubeconfigFor("admin.kubeconfig", admin);

  // 2. The three programs.
  const etcd = new GuardedChild({
    command: binaries.etcd,
    args: [
      `--data-dir=${file("etcd")}`,
      "--unsafe-no-fsync",
      `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
      `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
      `--listen-peer-urls=http://127.0.0.1:${etcdPeerPort}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${etcdPeerPort}`,
      `--initial-cluster=default=http://127.0.0.1:${etcdPeerPort}`,
      "--log-level=warn",
    ],
    logFile: file("etcd.log"),
  });
  const auditLog = options.audit === true ? file("audit.log") : undefined;
  const apiServer = new GuardedChild({
    command: binaries.kubeApiserver,
    args: [
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${apiPort}`,
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      `--tls-cert-file=${file("serving.crt")}`,
      `--tls-private-key-file=${file("serving.key")}`,
      `--client-ca-file=${file("ca.crt")}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${file("accounts.pub")}`,
      `--service-account-signing-key-file=${file("accounts.key")}`,
      "--service-cluster-ip-range=10.0.0.0/24",
      "--authorization-mode=RBAC",
      "--anonymous-auth=false",
      `--disable-admission-plugins=${disabledPlugins(binaries.version)}`,
      ...(auditLog === undefined
        ? []
        : [
            `--audit-policy-file=${file("audit-policy.yaml")}`,
            `--audit-log-path=${auditLog}`,
            "--audit-log-mode=blocking",
          ]),
      ...(options.traceEndpoint !== undefined && minorOf(binaries.version) >= FIRST_TRACING_MINOR
        ? [`--tracing-config-file=${file("tracing.yaml")}`]
        : []),
      ...(options.apiServerArgs ?? []),
    ],
    logFile: file("kube-apiserver.log"),
  });
  const manager = new GuardedChild({
    command: binaries.kubeControllerManager,
    args: [
      `--kubeconfig=${kubeconfig}`,
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      `--secure-port=${managerPort}`,
      `--controllers=${CONTROLLERS}`,
      `--service-account-private-key-file=${file("accounts.key")}`,
      `--root-ca-file=${file("ca.crt")}`,
      "--kube-api-qps=200",
      "--kube-api-burst=400",
    ],
    logFile: file("kube-controller-manager.log"),
  });

  const isReady = () => answers(`${url}/api/v1/namespaces/default`, authority.certificate, admin);
  const apiReady = () =>
    apiServer.until((signal) => waitFor("kube-apiserver becoming ready", READY_DEADLINE_MS, isReady, signal));
  const children = [manager, apiServer, etcd];
  const stop = async () => {
    for (const child of children) await child.stop();
  };
  try {
    await etcd.start();
    await apiServer.start();
    await apiReady();
    await manager.start();
  } catch (error) {
    await stop();
    throw error;
  }
  await writeFile(
    file("pids.json"),
    JSON.stringify({ etcd: etcd.pid, apiServer: apiServer.pid, manager: manager.pid }),
  );

  return {
    url,
    version: binaries.version,
    dir,
    kubeconfig,
    auditLog,
    apiServer: serverProcess(apiServer, async () => {
      await apiReady();
    }),
    controllerManager: serverProcess(manager, async () => {}),
    kubeconfigFor: async (identity) => kubeconfigFor(`${identity.user}.kubeconfig`, await authority.client(identity)),
    kubeconfigWithToken: (name, token) => writeKubeconfig(`${name}.kubeconfig`, { token }),
    stop,
  };
}

function serverProcess(child: GuardedChild, ready: () => Promise<void>): ServerProcess {
  return {
    get pid() {
      return child.pid;
    },
    stop: () => child.stop(),
    kill: () => child.stop("SIGKILL"),
    start: async () => {
      await child.start();
      await ready();
    },
    pause: () => child.signal("SIGSTOP"),
    resume: () => child.signal("SIGCONT"),
  };
}

function minorOf(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? "0");
}

const FIRST_TRACING_MINOR = 27;

/** No spans of the server's own accord, only those of traced requests; they join for system:masters and system:monitoring. */
function tracingConfiguration(version: string, endpoint: string | undefined): string {
  const apiVersion = `apiserver.config.k8s.io/${minorOf(version) >= 34 ? "v1" : "v1beta1"}`;
  return JSON.stringify({ apiVersion, kind: "TracingConfiguration", endpoint, samplingRatePerMillion: 0 });
}

/** Admission that needs nodes, storage or a scheduler; a name an old server does not know would stop it from starting. */
function disabledPlugins(version: string): string {
  const plugins = ["TaintNodesByCondition", "StorageObjectInUseProtection"];
  return (minorOf(version) >= 37 ? [...plugins, "PodGroupProtection"] : plugins).join(",");
}

function answers(url: string, ca: string, identity: CertifiedKey): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      url,
      { ca, cert: identity.certificate, key: identity.key, timeout: 2000, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    call.on("error", () => resolve(false));
    call.on("timeout", () => call.destroy());
    call.end();
  });
}

async function writeAll(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(path.join(dir, name), text, { mode: 0o600 })),
  );
}

/** The part of a kubeconfig that says who we are. */
type JsonUser = Readonly<Record<string, string>>;

function certifiedUser({ certificate, key }: CertifiedKey): JsonUser {
  return { "client-certificate-data": base64(certificate), "client-key-data": base64(key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function kubeconfigText(url: string, ca: string, user: JsonUser): string {
  return JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": base64(ca) } }],
      users: [{ name: "user", user }],
      contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
      "current-context": "test",
    },
    null,
    2,
  );
}

/** Reads the audit log: one entry per finished request. */
export async function readAuditLog(file: string): Promise<readonly AuditEntry[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as AuditEntry);
}

export interface AuditEntry {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted, Panic]
rules:
  - level: None
    users: ["system:apiserver"]
  - level: None
    nonResourceURLs: ["/*"]
  - level: Metadata
`;
