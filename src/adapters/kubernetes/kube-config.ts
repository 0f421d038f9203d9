/**
 * Finds out how to reach a cluster: kubeconfig file and context, or the pod's own service account. Parsing and the
 * authentication methods are client-node's; this file adds errors that say where the fault is.
 */
import { KubeConfig } from "@kubernetes/client-node";

export interface KubeConfigOptions {
  /** Path of a kubeconfig file; absent: `$KUBECONFIG`, `~/.kube/config`, the pod's service account, in this order. */
  readonly kubeconfig?: string | undefined;
  /** Name of a context; absent: the current one. */
  readonly context?: string | undefined;
}

/**
 * @throws Error that names the file and the context, when one of them is missing or cannot be read
 */
export function loadKubeConfig(options: KubeConfigOptions = {}): KubeConfig {
  const source = options.kubeconfig ?? "the default kubeconfig ($KUBECONFIG, ~/.kube/config or the service account)";
  const config = readConfig(options.kubeconfig, source);
  if (options.context !== undefined) config.setCurrentContext(options.context);

  const name = config.getCurrentContext();
  if (!name) throw new Error(`${source}: no current-context; name a context`);
  const context = config.getContextObject(name);
  if (context === null) {
    const known = config.getContexts().map((known) => known.name);
    throw new Error(`${source}: no context "${name}" (it has: ${known.join(", ") || "none"})`);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new Error(`${source}: context "${name}" names cluster "${context.cluster}", which is missing`);
  if (config.getCurrentUser() === null) {
    throw new Error(`${source}: context "${name}" names user "${context.user}", which is missing`);
  }
  if (!URL.canParse(cluster.server))
    throw new Error(`${source}: context "${name}": "${cluster.server}" is no server URL`);
  return config;
}

/** The server and the context of a connection, for logs and errors. */
export function describeConnection(config: KubeConfig): string {
  return `${config.getCurrentCluster()?.server ?? "no server"} (context "${config.getCurrentContext()}")`;
}

function readConfig(file: string | undefined, source: string): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    throw new Error(`${source} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  // When client-node finds nothing at all it invents this one instead of failing.
  if (file === undefined && config.getCurrentCluster()?.server === "http://localhost:8080") {
    throw new Error("no Kubernetes cluster configured: set KUBECONFIG, write ~/.kube/config, or run in a pod");
  }
  return config;
}
