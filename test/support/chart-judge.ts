/** What has to hold for everything the chart renders, whatever the values: a list of what is wrong, empty when all is well. */
import { isJsonObject, jsonEqual, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { createProgram } from "../../src/cli/program.ts";
import { environmentOf, nameOf, podOf, titleOf } from "./helm-release.ts";

const MAX_NAME = 63;
const commands = createProgram().commands;

export function faultsIn(objects: readonly JsonObject[]): readonly string[] {
  return [
    ...nameFaults(objects),
    ...selectorFaults(objects),
    ...serviceFaults(objects),
    ...roleFaults(objects),
    ...objects.flatMap(podFaults),
  ];
}

function nameFaults(objects: readonly JsonObject[]): readonly string[] {
  const titles = objects.map((object) => `${titleOf(object)} in ${textMember(object["metadata"], "namespace")}`);
  const twice = titles.filter((title, index) => titles.indexOf(title) !== index);
  const long = objects.filter((object) => !isRbac(object) && nameOf(object).length > MAX_NAME);
  return [...twice.map((title) => `${title}: twice`), ...long.map((object) => `${titleOf(object)}: name too long`)];
}

/** Each selector fits the Pods of exactly one workload; those of policies at least one. */
function selectorFaults(objects: readonly JsonObject[]): readonly string[] {
  const pods = objects.filter((object) => object["kind"] !== "Pod").flatMap((object) => podOf(object) ?? []);
  return objects.flatMap((object) => {
    const selector = selectorOf(object);
    if (selector === undefined) return [];
    const hits = pods.filter((pod) => isSubset(selector, memberAt(pod, ["metadata", "labels"]))).length;
    const isRight = object["kind"] === "NetworkPolicy" ? hits > 0 : hits === 1;
    return isRight ? [] : [`${titleOf(object)}: its selector fits ${hits} of our workloads`];
  });
}

/** No port twice, and none of our probes and metrics where others may ask; a ServiceMonitor finds its port at one Service. */
function serviceFaults(objects: readonly JsonObject[]): readonly string[] {
  const services = objects.filter((object) => object["kind"] === "Service");
  const portsOf = (object: JsonObject) => (memberAt(object, ["spec", "ports"]) ?? []) as readonly JsonObject[];
  const wrong = services.filter((service) => {
    const numbers = portsOf(service).map(({ port }) => port);
    const isOpen = memberAt(service, ["spec", "clusterIP"]) !== "None";
    return new Set(numbers).size !== numbers.length || (isOpen && portsOf(service).some(({ name }) => name === "http"));
  });
  const lost = objects
    .filter(({ kind }) => kind === "ServiceMonitor")
    .filter((monitor) => {
      const [endpoint] = memberAt(monitor, ["spec", "endpoints"]) as readonly JsonObject[];
      const hits = services.filter(
        (service) =>
          isSubset(selectorOf(monitor) ?? {}, memberAt(service, ["metadata", "labels"])) &&
          portsOf(service).some(({ name }) => name === endpoint?.["port"]),
      );
      return hits.length !== 1;
    });
  return [...wrong, ...lost].map((object) => `${titleOf(object)}: its ports do not fit`);
}

function selectorOf(object: JsonObject): JsonObject | undefined {
  const found = ["selector", "podSelector"]
    .map((name) => memberAt(object, ["spec", name]))
    .find((each) => isJsonObject(each as JsonValue));
  const labels = memberAt(found, ["matchLabels"]) ?? found;
  return isJsonObject(labels) ? labels : undefined;
}

function isSubset(part: JsonObject, whole: JsonValue | undefined): boolean {
  return Object.entries(part).every(([name, value]) => jsonEqual(memberAt(whole, [name]), value));
}

function isRbac(object: JsonObject): boolean {
  return textMember(object, "apiVersion").startsWith("rbac.authorization.k8s.io");
}

/** Bindings join a role and an account of the release; accounts that Pods use exist, or none is created. */
function roleFaults(objects: readonly JsonObject[]): readonly string[] {
  const has = (kind: string, name: string) => objects.some((each) => each["kind"] === kind && nameOf(each) === name);
  const createsAccounts = objects.some((object) => object["kind"] === "ServiceAccount");
  return objects.flatMap((object) => {
    const role = memberAt(object, ["roleRef"]);
    const missing =
      role === undefined || has(textMember(role, "kind"), textMember(role, "name")) ? [] : ["no such role"];
    const pod = podOf(object);
    const account = textMember(memberAt(pod, ["spec"]), "serviceAccountName");
    if (account !== "" && createsAccounts && !has("ServiceAccount", account)) missing.push(`no account ${account}`);
    return missing.map((fault) => `${titleOf(object)}: ${fault}`);
  });
}

function podFaults(object: JsonObject): readonly string[] {
  const pod = podOf(object);
  if (pod === undefined || textMember(memberAt(pod, ["metadata", "labels"]), COMPONENT) === "redis") return [];
  const [container = {}] = memberAt(pod, ["spec", "containers"]) as readonly JsonObject[];
  const faults = restrictionFaults(pod, container);
  const variables = environmentOf(pod).map(({ name }) => name);
  for (const name of variables)
    if (variables.indexOf(name) !== variables.lastIndexOf(name)) faults.push(`${name} is set twice`);
  const [role] = (container["args"] ?? []) as readonly string[];
  const command = commands.find((each) => each.name() === role);
  if (command !== undefined) {
    const known = command.options.map(({ description }) => description).join(" ");
    const ours = environmentOf(pod).filter(({ name }) => name.startsWith("KOREO_") && name !== "KOREO_REDIS_PASSWORD");
    for (const { name } of ours) if (!known.includes(`$${name}`)) faults.push(`${name} is not read by koreo ${role}`);
  } else if (object["kind"] !== "Pod") faults.push(`koreo ${String(role)} does not exist`);
  return faults.map((fault) => `${titleOf(object)}: ${fault}`);
}

const COMPONENT = "app.kubernetes.io/component";

/** A short form of the Pod security standard; the API server judges by the whole one in chart-install.test.ts. */
function restrictionFaults(pod: JsonObject, container: JsonObject): string[] {
  const ofPod = memberAt(pod, ["spec", "securityContext"]);
  const own = memberAt(container, ["securityContext"]);
  const faults: string[] = [];
  if (memberAt(ofPod, ["runAsNonRoot"]) !== true) faults.push("may run as root");
  if (memberAt(own, ["allowPrivilegeEscalation"]) !== false) faults.push("may gain privileges");
  if (memberAt(own, ["readOnlyRootFilesystem"]) !== true) faults.push("may write its file system");
  return faults;
}
