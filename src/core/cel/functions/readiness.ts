/** Whether an object of Google's Config Connector is ready. */
import { mapSize } from "../maps.ts";
import { isPlainMap, type Site, type Value } from "../value.ts";
import { noSuchOverload, type CelFunction } from "./function.ts";

export const readinessFunctions: readonly CelFunction[] = [
  {
    name: "config_connect_ready",
    signature: "config_connect_ready(map) -> bool",
    example: `config_connect_ready({"status": {"conditions": [{"type": "Ready", "reason": "UpToDate", "status": "True"}]}})`,
    arity: [1, 1],
    apply: (site, object) => isReady(object, site),
  },
];

/** True iff exactly one condition has type Ready, and it says UpToDate and "True". Treats odd shapes as Koreo does. */
function isReady(object: Value, site: Site): Value {
  if (typeof object === "string" || Array.isArray(object)) return false;
  if (!isPlainMap(object)) return noSuchOverload("config_connect_ready", site, object);
  if (!Object.hasOwn(object, "status")) return false;
  const status = object["status"] ?? null;
  if (typeof status === "string") return false;
  if (!isPlainMap(status)) return noSuchOverload("config_connect_ready", site, status);
  return Object.hasOwn(status, "conditions") ? hasReady(status["conditions"] ?? null, site) : false;
}

function hasReady(conditions: Value, site: Site): Value {
  if (!Array.isArray(conditions)) {
    const isEmpty = conditions === "" || (isPlainMap(conditions) && mapSize(conditions) === 0);
    return isEmpty ? false : noSuchOverload("config_connect_ready", site, conditions);
  }
  const items = conditions as readonly Value[];
  if (!items.every((item) => isPlainMap(item))) return noSuchOverload("config_connect_ready", site, null);
  const ready = items.filter((item) => own(item, "type") === "Ready");
  return ready.length === 1 && own(ready[0], "reason") === "UpToDate" && own(ready[0], "status") === "True";
}

function own(map: Value | undefined, name: string): Value | undefined {
  return isPlainMap(map) && Object.hasOwn(map, name) ? map[name] : undefined;
}
