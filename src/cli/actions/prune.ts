/** `koreo prune`: deletes definitions that nothing uses, or with `--objects` what Koreo left behind. */
import type { ResourceType } from "../../engine/ports/object-store.ts";
import { parseConfig } from "../../processes/shared/config.ts";
import { ConfigError, type ConfigFlags } from "../../processes/shared/settings.ts";
import { demandTerminal } from "../confirm.ts";
import { withConnection, type Connection } from "../connection.ts";
import { findKind } from "../find-kind.ts";
import type { OutputFormat } from "../flags.ts";
import { surveyDefinitions } from "../prune-definitions.ts";
import { surveyObjects } from "../prune-objects.ts";
import { carryOut, type Prunable, type PrunePlan } from "../prune-plan.ts";
import { allKinds, type Unlisted } from "../served-kinds.ts";

export interface PruneOptions extends ConfigFlags {
  readonly objects?: true;
  readonly kind?: readonly string[];
  readonly namespace?: string;
  /** In milliseconds. */
  readonly olderThan?: number;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly output: OutputFormat;
}

/** Far longer than a run may last by default. */
const MIN_AGE_MS = 600_000;

/** @throws ConfigError when flags do not fit together, or there is nobody to ask */
export async function prune(options: PruneOptions): Promise<void> {
  const isObjects = options.objects === true;
  const isOnlyForObjects = [options.kind, options.namespace, options.olderThan].some((each) => each !== undefined);
  if (!isObjects && isOnlyForObjects)
    throw new ConfigError(
      "--kind, --namespace and --older-than are for --objects; definitions have --definition-namespaces",
    );
  const mode = { dryRun: options.dryRun === true, yes: options.yes === true, output: options.output };
  if (!mode.dryRun && !mode.yes) demandTerminal("koreo prune");
  const { definitionNamespaces } = parseConfig(options, process.env);
  await withConnection(options, async (connection) => {
    const namespaces = definitionNamespaces ?? [connection.namespace];
    if (isObjects) {
      const survey = objectSurvey(connection, options, namespaces);
      await carryOut(connection, survey, { ...mode, subject: "objects left behind" });
    } else {
      const survey = () => surveyDefinitions(connection, namespaces);
      await carryOut(connection, survey, { ...mode, subject: "unused definitions" });
    }
  });
}

function objectSurvey(
  connection: Connection,
  { kind = [], namespace, olderThan = MIN_AGE_MS }: PruneOptions,
  definitionNamespaces: readonly string[],
): (only?: readonly Prunable[]) => Promise<PrunePlan> {
  return async (only) => {
    const { types, unlisted } = await typesToSearch(connection, kind, only);
    const isThere = (type: ResourceType) => namespace === undefined || type.namespaced;
    const survey = { types: types.filter(isThere), namespace, definitionNamespaces, minAgeMs: olderThan };
    const plan = await surveyObjects(connection, survey);
    return { ...plan, unlisted: [...unlisted, ...plan.unlisted] };
  };
}

async function typesToSearch(
  connection: Connection,
  asked: readonly string[],
  only: readonly Prunable[] | undefined,
): Promise<{ readonly types: readonly ResourceType[]; readonly unlisted: readonly Unlisted[] }> {
  if (only !== undefined) return { types: [...new Set(only.map(({ ref }) => ref.type))], unlisted: [] };
  if (asked.length > 0)
    return { types: await Promise.all(asked.map((each) => findKind(connection, each))), unlisted: [] };
  const { kinds, unlisted } = await allKinds(connection);
  // We cannot have created a kind that nobody can delete: such kinds are views of other objects, with their labels.
  const isOurs = (verbs: readonly string[]) => verbs.includes("list") && verbs.includes("delete");
  return { types: kinds.filter(({ verbs }) => isOurs(verbs)).map(({ type }) => type), unlisted };
}
