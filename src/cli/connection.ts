/** The connection of a one-shot command: made from `--kubeconfig` and `--context`, closed when the command ends. */
import { connectCluster, type ClusterAccess } from "../adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../adapters/kubernetes/kube-config.ts";
import { systemClock } from "../adapters/system/clock.ts";
import type { ClusterFault } from "../engine/ports/object-store.ts";
import { parseConfig } from "../processes/shared/config.ts";
import type { ConfigFlags } from "../processes/shared/settings.ts";
import { abortOnSignals } from "../processes/shared/signals.ts";
import { CommandFailed } from "./failure.ts";

export interface Connection extends ClusterAccess {
  /** Namespace of the kubeconfig's context; `default` when it names none. */
  readonly namespace: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export async function withConnection<T>(flags: ConfigFlags, act: (connection: Connection) => Promise<T>): Promise<T> {
  const { kubeconfig, context } = parseConfig(flags, process.env);
  const kubeConfig = loadKubeConfig({ kubeconfig, context });
  const namespace = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? "default";
  const cluster = connectCluster({ kubeConfig, clock: systemClock });
  try {
    return await act({ ...cluster, namespace, signal: abortOnSignals() });
  } finally {
    await cluster.close();
  }
}

/** Turns a refusal of the API server into the end of a command. */
export function failed(doing: string, fault: ClusterFault): CommandFailed {
  return new CommandFailed(`${doing}: ${fault.detail}`);
}
