/**
 * What people do meanwhile, by chance that can be repeated: users edit, create and delete triggers, teams edit definitions, and
 * a vandal changes and deletes what Koreo keeps. What users want is noted when the API server has accepted it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { parseAllDocuments } from "yaml";
import type { SeededRandom } from "../support/seeded-random.ts";
import { expectedOf, specOf, type WantedTrigger } from "./expected.ts";
import { placeText } from "./judge.ts";
import { CLUSTER_ROLE, CONFIG_MAP, LEASE, NAMESPACE, SHOP, SITE, SPACE } from "./kinds.ts";
import type { Person } from "./person.ts";
import { definitionsOf, SHOPS, SITES, SPACES } from "./platform.ts";
import type { Wanted } from "./wanted.ts";

/** Where triggers of a kind may be, and how many may be there at a time. */
const PLACES = [
  { type: SHOP, namespace: SHOPS, prefix: "shop", most: 20, first: 16 },
  { type: SITE, namespace: SITES, prefix: "site", most: 18, first: 14 },
  { type: SPACE, namespace: SPACES, prefix: "space", most: 12, first: 10 },
] as const;
const ITEMS = ["a", "b", "c"];
const GROUPS = ["red", "blue"];

export interface TrafficParts {
  readonly user: Person;
  readonly vandal: Person;
  readonly wanted: Wanted;
  readonly random: SeededRandom;
}

export class Traffic {
  readonly #parts: TrafficParts;
  readonly #counts = new Map<string, number>();

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  /** How many of each sort there were. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** The first triggers, all there when it resolves. */
  async begin(): Promise<void> {
    for (const place of PLACES)
      for (let index = 0; index < place.first; index += 1) await this.#create(place, nameAt(place.prefix, index));
  }

  /** Goes on until the signal is aborted; resolves when the last write is accepted. */
  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#parts;
    while (!signal.aborted) {
      await this.#something(random.below(100));
      await sleep(random.below(160));
    }
  }

  /** Users' changes of some triggers, at once. */
  async edits(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.#edit();
  }

  async #something(dice: number): Promise<void> {
    if (dice < 40) return this.#edit();
    if (dice < 56) return this.#vandalise();
    if (dice < 70) return this.#smash();
    if (dice < 82) return this.#createOne();
    if (dice < 94) return this.#deleteOne();
    return this.#editDefinitions();
  }

  async #edit(): Promise<void> {
    const { wanted, random, user } = this.#parts;
    const trigger = random.pick(wanted.all);
    if (trigger === undefined) return;
    const edit = wanted.nextEdit(trigger);
    const changed = { ...trigger, edit, items: this.#nextItems(trigger), group: this.#nextGroup(trigger) };
    const answer = await user.patch(refOf(trigger), { metadata: { uid: trigger.uid }, spec: specOf(changed) });
    if (answer === undefined) throw new Error(`${placeText(trigger)} is not there, and nobody deleted it`);
    wanted.put({ ...changed, generation: generationOf(answer) });
    this.#count("edits");
  }

  /** What goes must be pruned. */
  #nextItems({ items }: WantedTrigger): readonly string[] {
    const item = this.#parts.random.pick(ITEMS) ?? "a";
    if (!items.includes(item)) return [...items, item].sort();
    return items.filter((each) => each !== item);
  }

  #nextGroup({ group }: WantedTrigger): string {
    return this.#parts.random.pick(GROUPS) ?? group;
  }

  async #vandalise(): Promise<void> {
    const { vandal } = this.#parts;
    const victim = this.#someObject();
    if (victim === undefined) return;
    const content = damageOf(victim.type);
    if (content === undefined) return;
    if ((await vandal.patch(victim, content)) !== undefined) this.#count("drift edits");
  }

  async #smash(): Promise<void> {
    const { vandal } = this.#parts;
    const victim = this.#someObject();
    if (victim === undefined || victim.type === NAMESPACE) return;
    const object = await vandal.get(victim);
    if (object === undefined) return;
    await vandal.remove(victim, textMember(member(object, "metadata"), "uid"));
    this.#count("drift deletes");
  }

  #someObject() {
    const { wanted, random } = this.#parts;
    const trigger = random.pick(wanted.all);
    return trigger === undefined ? undefined : random.pick(expectedOf(trigger, wanted.state));
  }

  async #createOne(): Promise<void> {
    const { wanted, random, user } = this.#parts;
    const place = random.pick(PLACES);
    if (place === undefined) return;
    const free = Array.from({ length: place.most }, (_, index) => nameAt(place.prefix, index)).filter(
      (name) => wanted.get(placeText({ ...place, name })) === undefined,
    );
    const name = random.pick(free);
    // One that is still on its way out has the name.
    if (name === undefined || (await user.get({ ...place, name })) !== undefined) return;
    await this.#create(place, name);
    this.#count("creates");
  }

  async #create({ type, namespace }: { type: ResourceType; namespace: string }, name: string): Promise<void> {
    const { wanted, random, user } = this.#parts;
    const edit = wanted.nextEdit({ type, namespace, name });
    const items = ITEMS.filter(() => random.chance(0.4));
    const group = random.pick(GROUPS) ?? "red";
    const fresh = { type, namespace, name, edit, items, group };
    const body = { apiVersion: `${type.group}/${type.version}`, kind: type.kind, metadata: { name, namespace } };
    const object = await user.create({ type, namespace, name }, { ...body, spec: specOf(fresh) });
    wanted.put({ ...fresh, uid: textMember(member(object, "metadata"), "uid"), generation: generationOf(object) });
  }

  async #deleteOne(): Promise<void> {
    const { wanted, random, user } = this.#parts;
    const trigger = random.pick(wanted.all);
    if (trigger === undefined) return;
    const ofKind = wanted.all.filter(({ type }) => type === trigger.type).length;
    if (ofKind <= (PLACES.find(({ type }) => type === trigger.type)?.first ?? 0) / 2) return;
    wanted.remove(trigger);
    await user.remove(refOf(trigger), trigger.uid);
    this.#count("deletes");
  }

  async #editDefinitions(): Promise<void> {
    const { wanted, random, user } = this.#parts;
    const { revision, hasExtra } = wanted.state;
    const togglesStep = random.chance(0.5);
    const next = togglesStep ? { revision, hasExtra: !hasExtra } : { revision: revision + 1, hasExtra };
    await applyDefinitions(user, definitionsOf(next));
    wanted.state = next;
    this.#count("definition edits");
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }
}

const PLURALS: Readonly<Record<string, string>> = { Workflow: "workflows", ResourceFunction: "resourcefunctions" };

/** Definitions as YAML, one after the other. */
export async function applyDefinitions(person: Person, yaml: string): Promise<void> {
  for (const document of parseAllDocuments(yaml)) {
    const object = document.toJS() as JsonValue;
    if (!isJsonObject(object)) continue;
    const metadata = member(object, "metadata");
    const kind = textMember(object, "kind");
    const type: ResourceType = {
      ...parseApiVersion(textMember(object, "apiVersion")),
      kind,
      plural: PLURALS[kind] ?? "",
      namespaced: true,
      hasStatus: true,
      watchable: true,
    };
    const ref = { type, namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
    await person.apply(ref, object);
  }
}

function damageOf(type: ResourceType): JsonObject | undefined {
  if (type === CONFIG_MAP) return { data: { text: "vandalised" } };
  if (type === LEASE) return { spec: { holderIdentity: "vandalised" } };
  if (type === CLUSTER_ROLE) return { rules: [] };
  return undefined;
}

function nameAt(prefix: string, index: number): string {
  return `${prefix}-${String(index).padStart(2, "0")}`;
}

function refOf({ type, namespace, name }: WantedTrigger) {
  return { type, namespace, name };
}

function generationOf(object: JsonObject): number {
  const generation = member(member(object, "metadata"), "generation");
  return typeof generation === "number" ? generation : Number(generation);
}
