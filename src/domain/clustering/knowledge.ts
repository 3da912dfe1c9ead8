/**
 * What the correlator knows besides the alerts it weighs: the topology, what fired before, recent changes. It reads
 * alerts in the light of that; signals look at it through the context.
 */

import { peerOf } from "../alert/entity.ts";
import type { KindOf } from "../alert/evidence-kind.ts";
import { createAlertTypes } from "../alert/type.ts";
import type { Alert } from "../alert.ts";
import type { Change } from "../change.ts";
import type { KnowledgeLimit, LeftOutCounts } from "../limits.ts";
import { createObservedTopology } from "../topology/observed.ts";
import { isOrCalls, type Topology } from "../topology.ts";
import type { Weights } from "../weights.ts";
import { createHistory } from "./history.ts";
import { createBallot, type Roots } from "./root-votes.ts";
import { namesIn, seeAlert, seek } from "./seen-alert.ts";
import { type Pauses, pausesFor } from "./sessions.ts";
import type { SeenAlert, SignalContext } from "./signal.ts";
import { standingOf } from "./strays.ts";

export interface Knowledge {
  readonly context: SignalContext;
  /** What the alert says, by the topology of now. */
  read(key: string, alert: Alert): SeenAlert;
  /** What of that may be another with another topology. */
  readAnew(seen: SeenAlert): Pick<SeenAlert, "component" | "names">;
  /** What it votes for as the root, as probabilities. */
  rootsOf(seen: SeenAlert): Roots;
  /** Takes a new alert into the history; returns what the history says of it, and its type as it is kept there. */
  record(seen: SeenAlert): { readonly type: string; readonly standing: number; readonly pauses: Pauses };
  /** True when it is another topology than the last: what was read before is to be read anew. */
  takeTopology(topology: Topology): boolean;
  /** False when it is known already. */
  takeChange(change: Change): boolean;
  /** Whether an alert began after a change of its service, or of one that this calls. */
  isFelt(change: Change, seen: Pick<SeenAlert, "at" | "entity">): boolean;
  /** Draws up the ballot of services anew when it has grown too large; true when that makes old readings void. */
  tidy(): boolean;
  /** The service that has most of some votes, or null. */
  topOf(roots: Roots): string | null;
  sizes(): Readonly<
    Record<"types" | "label_values" | "observed_edges" | "message_templates" | "hubs", number>
  >;
  /** What was let go to keep within the limits. */
  leftOut(): LeftOutCounts<KnowledgeLimit>;
}

const maxTypes = 50_000;
/** Of messages of alerts whose name says nothing. */
const maxTemplates = 5_000;
const maxChanges = 500;
const changesMs = 7_200_000;
/** Services on the ballot; most are not heard of again. */
const maxBallot = 100_000;

/** Starts without any. */
export function createKnowledge({ clustering }: Pick<Weights, "clustering">, kindOf: KindOf): Knowledge {
  const history = createHistory(maxTypes);
  const types = createAlertTypes(maxTemplates);
  /** Says which part of the system an alert is from; all other questions go to the delivered topology. */
  const observed = createObservedTopology(clustering.hubDegree);
  /** What signals look at: the delivered topology and the changes are replaced by others. */
  const context: { -readonly [Part in keyof SignalContext]: SignalContext[Part] } = {
    graph: observed.deliver({ edges: [], services: [] }),
    history,
    changes: [],
    coFirings: clustering.coFirings,
  };
  let services = seek(observed.services());
  let topologyText = "";
  let droppedChanges = 0;
  let ballot = createBallot(context.graph, clustering.votes);

  return {
    context,
    read(key, alert) {
      const parts = observed.graphAt(alert.startsAt.getTime());
      const seen = seeAlert(key, alert, parts, services, { types, kindOf });
      ballot.enter(seen);
      return seen;
    },
    readAnew(seen) {
      const { at, entity } = seen;
      const component = entity === null ? null : observed.graphAt(at).componentOf(entity);
      const names = namesIn(seen, entity, services);
      ballot.enter({ entity, names });
      return { component, names };
    },
    rootsOf: (seen) => ballot.rootsOf(seen),
    record(seen) {
      const { at, entity, component } = seen;
      observed.record({ entity, at, call: seen.names.length === 0 ? null : peerOf(seen, entity) });
      const type = history.record(seen);
      const pauses = pausesFor(history.meanPauseMs(component ?? "", at), clustering);
      return { type, standing: standingOf(seen, history, clustering.strays), pauses };
    },
    takeTopology(topology) {
      // Senders repeat their topology; only another one is worth reading everything anew.
      const text = JSON.stringify([topology.edges, topology.services]);
      if (text === topologyText) return false;
      topologyText = text;
      context.graph = observed.deliver(topology);
      services = seek(observed.services());
      ballot = createBallot(context.graph, clustering.votes);
      return true;
    },
    takeChange(change) {
      const at = change.at.getTime();
      if (context.changes.some((known) => known.id === change.id && known.at.getTime() === at)) return false;
      const changes = context.changes.filter(({ id }) => id !== change.id);
      let index = changes.length;
      while (index > 0 && (changes[index - 1]?.at.getTime() ?? 0) > at) index -= 1;
      droppedChanges += Math.max(0, changes.length + 1 - maxChanges);
      context.changes = changes
        .toSpliced(index, 0, change)
        .slice(-maxChanges)
        .filter((known) => known.at.getTime() > at - changesMs);
      return true;
    },
    isFelt: ({ service, at }, seen) =>
      service !== null &&
      seen.entity !== null &&
      seen.at >= at.getTime() &&
      isOrCalls(seen.entity, service, context.graph),
    tidy() {
      if (ballot.size() <= maxBallot) return false;
      ballot = createBallot(context.graph, clustering.votes);
      return true;
    },
    topOf: (roots) => ballot.topOf(roots),
    sizes: () => ({
      types: history.types(),
      label_values: history.labelValues(),
      observed_edges: observed.size(),
      message_templates: types.templates(),
      hubs: observed.hubs(),
    }),
    leftOut: () => ({
      ...history.leftOut(),
      ...observed.leftOut(),
      changes: droppedChanges,
      message_templates: types.dropped(),
      message_words: types.crowded(),
    }),
  };
}
