import { entityOf, peerOf } from "../alert/entity.ts";
import type { KindOf } from "../alert/evidence-kind.ts";
import type { AlertTypes } from "../alert/type.ts";
import type { Alert } from "../alert.ts";
import type { ServiceGraph } from "../topology.ts";
import type { SeenAlert } from "./signal.ts";

const maxNames = 5;
const wordBreak = /[\s,;:()'"<>]+/;

/** How alerts are told apart. */
export interface Reading {
  readonly types: AlertTypes;
  readonly kindOf: KindOf;
}

/**
 * Reads from an alert what clustering asks of it.
 * @param services - those of the topology: only these are looked for in texts, so that it does not matter which alert
 * came first.
 */
export function seeAlert(
  key: string,
  alert: Alert,
  graph: ServiceGraph,
  services: ReadonlySet<string>,
  { types, kindOf }: Reading,
): SeenAlert {
  const entity = entityOf(alert);
  const peer = peerOf(alert);
  const names = peer === null ? [] : [peer.peer];
  if (services.size > 0)
    for (const word of alert.summary.split(wordBreak)) {
      if (names.length >= maxNames) break;
      if (word !== entity && services.has(word) && !names.includes(word)) names.push(word);
    }
  return {
    key,
    alert,
    at: alert.startsAt.getTime(),
    type: types.typeOf(alert),
    entity,
    component: entity === null ? null : graph.componentOf(entity),
    kind: kindOf(alert),
    names,
  };
}

/** Which part of the system it is from: a topology component, a service outside it, or alerts of one name. */
export function partOf(seen: SeenAlert): string {
  if (seen.component !== null) return `part ${seen.component}`;
  return seen.entity === null ? `nameless ${seen.alert.name}` : `service ${seen.entity}`;
}
