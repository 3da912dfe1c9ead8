/** What a post shows: reads the state it is about and makes its view. Decides nothing. */

import { alertTimelineAlt } from "../domain/alert/timeline.ts";
import { isApprovalReminder } from "../domain/approval/reminder.ts";
import { checkpointView } from "../domain/audit/checkpoint-view.ts";
import { troubleView } from "../domain/chat/trouble.ts";
import { digestDetailView } from "../domain/digest/detail-view.ts";
import { handoverView } from "../domain/digest/handover-view.ts";
import { digestView } from "../domain/digest/view.ts";
import { type EntryChart, entryView } from "../domain/incident/entry-view.ts";
import { incidentView } from "../domain/incident/view.ts";
import type { TimelineEntry } from "../domain/incident.ts";
import { standingVerdicts } from "../domain/learning/feedback.ts";
import { mentionOf } from "../domain/people/link.ts";
import type { Person } from "../domain/people/person.ts";
import { comparisonAlt, comparisonChart } from "../domain/rollout/comparison-chart.ts";
import { outsideView } from "../domain/serving/change.ts";
import { type ReminderKind, silenceReminderView } from "../domain/suppression/silence-view.ts";
import {
  type Mention,
  mention,
  oneLine,
  plain,
  type Span,
  type View,
  type ViewBlock,
} from "../domain/view.ts";
import type { Charts, Clock, Log, ModelEntry, Policy, Post, Store } from "../ports.ts";
import { readAlertTimeline } from "../queries/alert-timeline.ts";
import { DeadlineError, withDeadline } from "./deadline.ts";
import { chartIn } from "./explain-metrics.ts";
import { awaitedOn, rolloutCard } from "./rollout-card.ts";
import { comparisonNote } from "./rollout-notes.ts";

export interface RenderOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
  readonly charts: Charts;
  readonly clock: Clock;
  readonly log: Log;
  /** Explains an incident and stores that; asked when a card would else come without. */
  readonly explain: (incidentId: number) => Promise<void>;
  /** A card waits no longer than this for its first explanation, which then comes as an edit; default 150 ms. */
  readonly explainWaitMs?: number;
}

export type Render = (post: Post) => Promise<{ readonly view: View; readonly revision: number } | null>;

/** Alerts read for a card; it shows the worst few of them. */
const maxAlerts = 200;
/** Words of people about one incident that are looked through for what stands. */
const maxSaid = 500;
/** Muted alerts that a reminder names. */
const maxNames = 3;

/** Creates the function that the poster asks; it answers null when what a post is about is gone. */
export function createRender(options: RenderOptions): Render {
  const { store, people } = options;

  async function renderIncident(id: number) {
    const found = await readExplained(id);
    if (found === null) return null;
    const { incident, explanation } = found;
    const [alerts, said, family] = await Promise.all([
      store.incidents.alerts(id, maxAlerts),
      store.feedback.ofIncidents([id], maxSaid),
      store.incidents.children([id]),
    ]);
    const verdicts = standingVerdicts(said);
    const children = family.map((child) => child.id);
    const card = { incident, alerts, explanation, verdicts, children, models: options.models, nameOf };
    return { view: incidentView(card), revision: incident.revision };
  }

  /** A card that would come without an explanation waits for its first one. */
  async function readExplained(id: number) {
    const found = await readIncident(id);
    if (found === null || found.explanation !== null) return found;
    await explainFirst(id);
    return await readIncident(id);
  }

  /** The explanation is read second, so that it is never older than the revision that the card is said to show. */
  async function readIncident(id: number) {
    const incident = await store.incidents.find(id);
    return incident === null ? null : { incident, explanation: await store.explanations.find(id) };
  }

  async function explainFirst(id: number): Promise<void> {
    try {
      await withDeadline(
        options.explain(id),
        options.explainWaitMs ?? 150,
        `the explanation of incident ${id}`,
      );
    } catch (error) {
      const level = error instanceof DeadlineError ? "debug" : "warn";
      options.log[level](
        { incident: id, error: String(error) },
        "render: the card goes without an explanation",
      );
    }
  }

  async function renderRollout(id: number) {
    const rollout = await store.rollouts.find(id);
    const view = await rolloutCard(store.rollouts, options, id, options.clock.now());
    return rollout === null || view === null ? null : { view, revision: rollout.revision };
  }

  async function renderEntry(id: number) {
    const entry = await store.incidents.findTimelineEntry(id);
    if (entry === null) return null;
    // Only what is said of causes has times in it; they are told by the day of the incident.
    const incident = entry.kind === "explained" ? await store.incidents.find(entry.incidentId) : null;
    const beside = { chart: await chartOf(entry), ...(incident === null ? {} : { incident }) };
    return { view: entryView(entry, nameOf, beside), revision: 1 };
  }

  async function chartOf(entry: TimelineEntry): Promise<EntryChart | null> {
    if (entry.kind === "resolved") return await alertsOf(entry);
    const found = chartIn(entry.data);
    const png = found === null ? null : await options.charts.metrics(found.chart);
    return found === null || png === null
      ? null
      : { png, alt: found.alt, filename: `metrics-${entry.id}.png` };
  }

  /** When its alerts fired, now that all is over. */
  async function alertsOf({ id, incidentId, at }: TimelineEntry): Promise<EntryChart | null> {
    const alerts = await store.incidents.alerts(incidentId, maxAlerts);
    const chart = await readAlertTimeline(alerts, at, store.incidents);
    if (chart === null || chart.rows.length < 2) return null;
    const png = await options.charts.alerts(chart);
    return png === null ? null : { png, alt: alertTimelineAlt(chart), filename: `alerts-${id}.png` };
  }

  async function renderNote(id: number) {
    const note = await store.rollouts.findNote(id);
    if (note === null) return null;
    const chart = note.key === comparisonNote ? await comparisonOf(note.rolloutId) : null;
    const called = isApprovalReminder(note.key) ? await callsOf(note.rolloutId) : [];
    const blocks: ViewBlock[] = [
      { kind: "text", text: [plain(note.text), ...called] },
      ...(chart === null ? [] : [{ kind: "image", ...chart } as const]),
    ];
    const title = oneLine(note.text, 150);
    const view: View = { kind: "entry", title, tone: "info", summary: note.text, blocks, actions: [] };
    return { view, revision: 1 };
  }

  /** Those who are waited for: a line in a thread reaches nobody who is not called. */
  async function callsOf(rolloutId: number): Promise<readonly Span[]> {
    const awaited = await awaitedOn(store.rollouts, options, rolloutId, options.clock.now());
    const calls = await Promise.all(
      awaited.map(async (person) => {
        const call = await callOf(person);
        return call === null ? [] : [plain(" "), mention(nameOf(person), call)];
      }),
    );
    return calls.flat();
  }

  async function comparisonOf(rolloutId: number): Promise<EntryChart | null> {
    const rollout = await store.rollouts.find(rolloutId);
    const chart = rollout === null ? null : comparisonChart(rollout);
    const png = chart === null ? null : await options.charts.comparison(chart);
    if (chart === null || png === null) return null;
    return { png, alt: comparisonAlt(chart), filename: `rollout-${rolloutId}.png` };
  }

  async function renderDigest(id: number) {
    const run = await store.digests.find(id);
    if (run === null || run.facts === null) return null;
    const { facts } = run;
    const { handover } = facts;
    if (handover !== undefined) {
      const call = handover.to === null ? null : await callOf(handover.to);
      return { view: handoverView({ facts, handover, nameOf, call }), revision: 1 };
    }
    return { view: digestView({ facts, chart: await options.charts.timeline(facts), nameOf }), revision: 1 };
  }

  async function renderDigestDetail(id: number) {
    const facts = (await store.digests.find(id))?.facts ?? null;
    const view = facts === null ? null : digestDetailView(facts);
    return view === null ? null : { view, revision: 1 };
  }

  async function callOf(id: string): Promise<Mention | null> {
    const person = people.find((known) => known.id === id);
    return person === undefined ? null : mentionOf(person, await store.links.ofPerson(id), people);
  }

  async function renderReminder(id: number, kind: ReminderKind) {
    const silence = await store.incidents.findSilence(id);
    if (silence === null) return null;
    const muted = await store.incidents.mutedBySilence(id, maxNames);
    const now = options.clock.now();
    return { view: silenceReminderView({ kind, silence, muted, nameOf, now }), revision: 1 };
  }

  async function renderCheckpoint(size: number) {
    const checkpoint = await store.checkpoints.find(size);
    return checkpoint === null ? null : { view: checkpointView(checkpoint), revision: 1 };
  }

  async function renderTrouble(id: number) {
    const trouble = await store.troubles.find(id);
    if (trouble === null) return null;
    const waiting = await store.posts.countBehind(trouble);
    return { view: troubleView(trouble, waiting), revision: trouble.revision };
  }

  async function renderChangedOutside(id: number) {
    const record = await store.serving.find(id);
    if (record === null) return null;
    const { model, environment, part, previousId } = record;
    const before = await store.serving.find(previousId);
    const waiting = await store.rollouts.list({
      model,
      environment,
      states: ["pending", "approved"],
      limit: 20,
    });
    const backend = options.models.find(({ name }) => name === model)?.backend.name ?? part;
    const ids = waiting.filter(({ plan }) => plan.kind !== "retrain").map((rollout) => rollout.id);
    const facts = {
      record,
      before: before?.version ?? null,
      backend,
      waiting: ids.sort((a, b) => a - b),
      nameOf,
    };
    return { view: outsideView(facts), revision: 1 };
  }

  function nameOf(person: string): string {
    return people.find((known) => known.id === person)?.name ?? person;
  }

  const by: Readonly<Record<Post["kind"], (subject: number) => ReturnType<Render>>> = {
    incident: renderIncident,
    rollout: renderRollout,
    entry: renderEntry,
    digest: renderDigest,
    digest_detail: renderDigestDetail,
    rollout_note: renderNote,
    silence_ending: (id) => renderReminder(id, "ending"),
    silence_idle: (id) => renderReminder(id, "idle"),
    checkpoint: renderCheckpoint,
    changed_outside: renderChangedOutside,
    trouble: renderTrouble,
  };
  return (post) => by[post.kind](post.subject);
}
