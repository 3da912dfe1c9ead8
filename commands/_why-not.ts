/** Why an alert is not in another incident: asked of a correlator that is set up anew from what is stored. */

import type { Correlator } from "../src/domain/clustering/correlation.ts";
import { nearestTo, type SideScore, scoreWith, signed, verdictOf } from "../src/domain/clustering/why-not.ts";
import { createCorrelator } from "../src/domain/clustering.ts";
import { bold, code, duration, oneLine, plain, type Text, type ViewBlock } from "../src/domain/view.ts";
import { shippedWeights, type Weights, weightsSchema } from "../src/domain/weights.ts";
import type { CommandContext, Refusal } from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/incident.ts";
import { findIncident } from "./_lookup.ts";

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
  const theirs = nearestTo(stored, await incidents.alerts(incident.id, maxMembers));
  const own = nearestTo(stored, await incidents.alerts(stored.incidentId, maxMembers));
  const judge = await judgeOf(stored.correlatorVersion, context);
  const correlator = await correlatorAround([stored, ...theirs, ...own], judge.weights, context);
  const there = scoreWith(correlator, stored.key, theirs);
  const summary = `It is not in incident ${incident.id}`;
  const source = `Asked anew from what is stored now, with ${judge.name}.`;
  if (there === null) return apartInTime(summary, stored, theirs, source);
  const here = scoreWith(correlator, stored.key, own);
  const verdict = `${summary}: ${verdictOf(there, here)}.`;
  return { summary: verdict, blocks: blocksOf(verdict, there, theirs, here, source) };
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

async function correlatorAround(
  alerts: readonly StoredAlert[],
  weights: Weights,
  { store, kindOf }: CommandContext,
): Promise<Correlator> {
  const starts = alerts.map(({ alert }) => alert.startsAt.getTime());
  const until = new Date(Math.max(...starts));
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

/** So far apart that one was no longer weighed when the other came. */
function apartInTime(
  summary: string,
  stored: StoredAlert,
  theirs: readonly StoredAlert[],
  source: string,
): WhyNot {
  const nearest = theirs[0];
  const sentence =
    nearest === undefined
      ? `${summary}, which has no alerts any more.`
      : `${summary}: the nearest of its alerts, ${nameOf(nearest)}, began ${lagText(nearest, stored)}; by then the one was no longer weighed against the other.`;
  return { summary: sentence, blocks: [text(sentence), note(source)] };
}

function lagText(other: StoredAlert, stored: StoredAlert): string {
  const lagMs = other.alert.startsAt.getTime() - stored.alert.startsAt.getTime();
  return `${duration(Math.abs(lagMs))} ${lagMs < 0 ? "before it" : "after it"}`;
}

function blocksOf(
  verdict: string,
  there: SideScore,
  theirs: readonly StoredAlert[],
  here: SideScore | null,
  source: string,
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
          ),
        ];
  return [
    text(verdict),
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

function text(words: string): ViewBlock {
  return { kind: "text", text: [plain(words)] };
}

function note(words: string): ViewBlock {
  return { kind: "note", text: [plain(words)] };
}
