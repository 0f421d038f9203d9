/** Port: what Kubernetes users read with `kubectl describe` and `kubectl get events`. */

/** Something that happened to an object. Words only, never values of manifests or objects. */
export interface ObjectEvent {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    /** "" for a cluster-scoped object. */
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Normal" | "Warning";
  /** One word in upper camel case, such as `Ready`. */
  readonly reason: string;
  readonly message: string;
}

export interface EventSink {
  /** Returns at once and never throws; an event that repeats too often is counted on the one before it, or dropped. */
  emit(event: ObjectEvent): void;
}
