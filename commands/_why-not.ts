/** Why an alert is not in another incident: asked of a correlator that is set up anew from what is stored. */

import type { Correlator } from "../src/domain/clustering/correlation.ts";
import { nearestTo, type SideScore, scoreWith, signed, verdictOf } from "../src/domain/clustering/why-not.ts";
import { createCorrelator, liveMs } from "../src/domain/clustering.ts";
import { withMoments } from "../src/domain/explanation/moments.ts";
import type { Incident } from "../src/domain/incident.ts";
import { bold, code, duration, oneLine, plain, type Text, type ViewBlock } from "../src/domain/view.ts";
import { shippedWeights, type Weights, weightsSchema } from "../src/domain/weights.ts";
import type { CommandContext, Refusal } from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/incident.ts";
import { findIncident } from "./_lookup.ts";
import { partedBefore } from "./_parted-before.ts";

/** Alerts read of either incident; those nearest in time are compared. */
const maxMembers = 500;
/** What the correlator knows beside them: the day before, as far as it is this much. */
const maxAlerts = 4_000;
const maxChanges = 500;
const maxRulings = 2_000;
const dayMs = 86_400_000;
const maxReasons = 6;

/** What is shown of the answer. */
export interface WhyNot {
  /** One plain sentence. */
  readonly summary: string;
  readonly blocks: readonly ViewBlock[];
}

export async function whyNot(
  stored: StoredAlert,
  asked: number,
  context: CommandContext,
): Promise<WhyNot | Refusal> {
  const incident = await findIncident(asked, context);
  if ("kind" in incident) return incident;
  const home = await findIncident(stored.incidentId, context);
  if (!("kind" in home) && home.id === incident.id) return alreadyThere(stored, incident.id);
  const { incidents } = context.store;
  const members = await incidents.alerts(incident.id, maxMembers);
  const theirs = nearestTo(stored, members);
  const own = nearestTo(stored, await incidents.alerts(stored.incidentId, maxMembers));
  const judge = await judgeOf(stored.correlatorVersion, context);
  const correlator = await correlatorAround(stored, theirs, own, judge.weights, context);
  const there = scoreWith(correlator, stored.key, theirs);
  const before = await partedBefore({ stored, incident, theirs: members }, context);
  const summary = `It is not in incident ${incident.id}`;
  const source = `Asked anew from what is stored now, with ${judge.name}.`;
  if (there === null) {
    const because = before === null ? forgottenText(stored, theirs, incident) : `: ${before.because}`;
    const sentence = `${summary}${because}.`;
    return { summary: sentence, blocks: [text(sentence, context), note(source)] };
  }
  const here = scoreWith(correlator, stored.key, own);
  const decided = before ?? correlator.parting(stored.key, there.best.key);
  const verdict = `${summary}: ${verdictOf(there, here, decided)}.`;
  return { summary: verdict, blocks: blocksOf({ verdict, there, theirs, here, source }, context) };
}

function alreadyThere(stored: StoredAlert, id: number): Refusal {
  return {
    kind: "refuse",
    reason: "already_there",
    problem: `${oneLine(stored.alert.name, 80)} is in incident ${id}.`,
    remedy: "Ask why it is there, or name another incident.",
    suggestions: [`why ${stored.key.slice(0, 16)}`],
  };
}

/** The weights that placed it; when they are not known, those of the release. */
async function judgeOf(
  version: number | undefined,
  { store }: CommandContext,
): Promise<{ readonly name: string; readonly weights: Weights }> {
  const versions = version === undefined ? [] : await store.rollouts.modelVersions("correlator");
  const found = weightsSchema.safeParse(versions.find((each) => each.version === version)?.parameters);
  return found.success
    ? { name: `version ${version} of the correlator, which placed it`, weights: found.data }
    : { name: "the weights of this release", weights: shippedWeights };
}

/** As it was once the alert and the nearest of the others had come, with what of its own incident came soon after. */
async function correlatorAround(
  stored: StoredAlert,
  theirs: readonly StoredAlert[],
  own: readonly StoredAlert[],
  weights: Weights,
  { store, kindOf }: CommandContext,
): Promise<Correlator> {
  const startOf = ({ alert }: StoredAlert) => alert.startsAt.getTime();
  const starts = [stored, ...theirs, ...own].map(startOf);
  const asked = [stored, ...theirs.slice(0, 1)].map(startOf);
  // What comes long after makes the correlator forget those that are asked about.
  const latest = Math.min(Math.max(...starts), Math.min(...asked) + liveMs);
  const until = new Date(Math.max(...asked, latest));
  const from = new Date(Math.min(...starts) - dayMs);
  const correlator = createCorrelator({ weights, kindOf });
  correlator.restore({
    topology: await store.incidents.topology(),
    changes: await store.incidents.changesBetween(from, until, maxChanges),
    alerts: await store.learning.alertsBetween(from, until, maxAlerts),
    rulings: await store.feedback.inForce(from, maxRulings),
    nextIncidentId: 1,
  });
  return correlator;
}

/** Why none of its alerts can be asked about, after "It is not in incident 12". */
function forgottenText(stored: StoredAlert, theirs: readonly StoredAlert[], incident: Incident): string {
  const nearest = theirs[0];
  if (nearest === undefined) return ", which has no alerts any more";
  const lagMs = nearest.alert.startsAt.getTime() - stored.alert.startsAt.getTime();
  const began = `: the nearest of its alerts, ${nameOf(nearest)}, began ${duration(Math.abs(lagMs))} ${lagMs < 0 ? "before" : "after"} it`;
  if (Math.abs(lagMs) <= liveMs)
    return `${began}; so much fired that day that only the newest ${maxAlerts} alerts can be asked about again`;
  const closedMs =
    stored.alert.startsAt.getTime() - (incident.resolvedAt?.getTime() ?? Number.POSITIVE_INFINITY);
  const closed = closedMs > 0 ? `; it had been resolved for ${duration(closedMs)} by then` : "";
  return `${began}, and a story to which nothing came for ${duration(liveMs)} takes in no more${closed}`;
}

interface Answered {
  readonly verdict: string;
  readonly there: SideScore;
  readonly theirs: readonly StoredAlert[];
  readonly here: SideScore | null;
  readonly source: string;
}

function blocksOf(
  { verdict, there, theirs, here, source }: Answered,
  context: CommandContext,
): readonly ViewBlock[] {
  const other = theirs.find(({ key }) => key === there.best.key);
  const reasons = [...there.best.reasons]
    .sort((a, b) => a.score - b.score)
    .slice(0, maxReasons)
    .map(
      ({ signal, score, because }): Text => [
        code(signed(score)),
        plain(` ${signal}: ${oneLine(because, 300)}`),
      ],
    );
  const own =
    here === null
      ? []
      : [
          text(
            `With its own incident it scores ${signed(here.mean)} on average, ${signed(here.best.score)} at best.`,
            context,
          ),
        ];
  return [
    text(verdict, context),
    {
      kind: "text",
      text: [
        plain("Best fitting there: "),
        bold(other === undefined ? there.best.key.slice(0, 16) : nameOf(other)),
        plain(` · ${signed(there.best.score)}, of ${there.compared} compared`),
      ],
    },
    { kind: "list", items: reasons, ordered: "bulleted" },
    ...own,
    note(source),
  ];
}

function nameOf({ alert }: StoredAlert): string {
  return oneLine(`${alert.name}${alert.service === null ? "" : ` on ${alert.service}`}`, 160);
}

function text(words: string, { now }: CommandContext): ViewBlock {
  return { kind: "text", text: withMoments(words, { openedAt: now }) };
}

function note(words: string): ViewBlock {
  return { kind: "note", text: [plain(words)] };
}
