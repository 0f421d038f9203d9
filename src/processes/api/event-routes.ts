/** Server-sent events: tells changes to callers who may know of them. */
import { isDefinitionKind } from "../../core/manifest/definition.ts";
import type { Caller } from "./auth.ts";
import { CHANGE_EVENT, type ChangeEvent } from "./change-event.ts";
import { definitionRight } from "./definition-routes.ts";
import { rightOn } from "./instance-routes.ts";
import type { ApiPorts } from "./ports.ts";
import { eventRoute, type Route } from "./route.ts";
import { choice, optional, text } from "./schema.ts";
import { NAMESPACE_RULES, NONE } from "./views.ts";

/** How long discovery may take for one event; it answers at once what it knows. */
const RESOLVE_WITHIN_MS = 5000;

export function eventRoutes(ports: ApiPorts): readonly Route[] {
  return [
    eventRoute({
      operationId: "watchChanges",
      path: "/events",
      summary: "What changes from now on, as server-sent events. What you may not list is left out.",
      tag: "events",
      parameters: {
        about: optional(choice(["definitions", "instances"], "Only these.")),
        kind: optional(text("Only this kind.", { minLength: 1, maxLength: 63 })),
        namespace: optional(text("Only this namespace.", NAMESPACE_RULES)),
      },
      events: CHANGE_EVENT,
      handle: ({ about, kind, namespace }, { caller, renew }) =>
        Promise.resolve({
          wants: (event: ChangeEvent) =>
            (about === undefined || (about === "definitions") === (event.event === "definition")) &&
            (kind === undefined || event.kind === kind) &&
            (namespace === undefined || event.namespace === namespace || event.event === "relisted"),
          may: (event: ChangeEvent) => mayHear(ports, caller, event),
          isCurrent: renew,
        }),
    }),
  ];
}

async function mayHear(ports: ApiPorts, caller: Caller, event: ChangeEvent): Promise<boolean> {
  if (event.event === "definition") {
    return isDefinitionKind(event.kind) && caller.may(definitionRight("list", event.kind, event.namespace));
  }
  const group = event.group === NONE ? "" : event.group;
  const signal = AbortSignal.timeout(RESOLVE_WITHIN_MS);
  const type = await ports.store.resolve({ group, kind: event.kind }, signal);
  if (type.kind === "fault") return false; // the kind is gone, and its triggers with it
  if (event.event === "relisted") return true; // contains no name
  return caller.may(rightOn("list", type.value, event.namespace === NONE ? "" : event.namespace));
}
