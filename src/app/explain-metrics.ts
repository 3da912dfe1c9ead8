/**
 * Evidence from metrics, read once for each settled state of an incident: what the rules of its suspects' alerts
 * watch, and the operator's own queries for them. Bounded in questions, samples and time; it runs beside the
 * explanation and never before a first card. What it finds becomes numbered evidence and one chart in the thread.
 */
import { createHash } from "node:crypto";
import type { TrackedAlert } from "../domain/alert/tracked.ts";
import { capital } from "../domain/explanation/wording.ts";
import type { Explanation } from "../domain/explanation.ts";
import type { Incident } from "../domain/incident.ts";
import { altOf, chartOf, type MetricChart, metricChartSchema } from "../domain/metrics/chart.ts";
import { evidenceOfMetrics, strongest } from "../domain/metrics/evidence.ts";
import { type MetricReading, sentenceOfChange } from "../domain/metrics/reading.ts";
import type { MetricWindow } from "../domain/metrics/series.ts";
import { oneLine } from "../domain/view.ts";
import type { MetricSource } from "../ports/metric-source.ts";
import type { Clock, Log, Metrics, NewTimelineEntry, Store, StoreSlices } from "../ports.ts";
import { countLeftOut } from "./left-out.ts";
import { namedQuestions, ruleQuestions, type ServiceQuery } from "./metric-questions.ts";
import { readMetrics } from "./read-metrics.ts";

export interface MetricEvidenceOptions {
  readonly source: MetricSource;
  /** Asked of every suspect, in this order. */
  readonly queries: readonly ServiceQuery[];
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** For all questions together; default 5 s. */
  readonly gatherMs?: number;
}

export interface MetricEvidence {
  /** After an explanation was looked at: metrics are read once its facts stand still. */
  consider(incidentId: number): Promise<void>;
  /** Reads them, unless that was done for these suspects already. */
  measure(incidentId: number): Promise<void>;
}

const minute = 60_000;
const beforeMs = 60 * minute;
const afterMs = 10 * minute;
const stepMs = 15_000;
/** The facts must have stood still for so long; in a storm that never stands still, at most so long after it opened. */
const settleMs = 4_000;
const maxWaitMs = 30_000;
/** Before this long after the first alert a second look is worth it, since most of what came after is still missing. */
const earlyMs = 8 * minute;
/** Of an incident that began longer ago, what happened at its start is no news. */
const maxAgeMs = 24 * 3_600_000;
const maxSuspects = 3;
const maxQuestions = 16;
const maxAlerts = 300;
const maxEntriesRead = 300;
const maxEvidence = 12;
const maxCharts = 4;

/** What was measured of an incident before. */
interface Past {
  readonly bases: ReadonlySet<string>;
  /** Charts that the thread has. */
  readonly charts: number;
  /** What they show, each metric with how it changed. */
  readonly shown: ReadonlySet<string>;
}

export function createMetricEvidence(options: MetricEvidenceOptions): MetricEvidence {
  const { store, clock, metrics } = options;
  const leftOut = countLeftOut(metrics);

  async function consider(incidentId: number): Promise<void> {
    const incident = await store.incidents.find(incidentId);
    if (incident === null || !isWorthIt(incident, clock.now())) return;
    const now = clock.now().getTime();
    const latest = Math.max(now, incident.openedAt.getTime() + maxWaitMs);
    const runAt = new Date(Math.min(now + settleMs, latest));
    await store.jobs.add({ task: "measure", incidentId }, { runAt });
  }

  async function measure(incidentId: number): Promise<void> {
    const scene = await readScene(incidentId);
    if (scene === null) return;
    const startedAt = performance.now();
    const readings = await gather(scene);
    metrics.observe("tocsin_metric_gather_seconds", (performance.now() - startedAt) / 1000);
    for (const { outcome } of readings)
      metrics.count("tocsin_metric_questions_total", { outcome: outcome.kind });
    await save(scene, readings);
    if (!scene.isEarly) return;
    const runAt = new Date(scene.onsetMs + afterMs + stepMs);
    await store.jobs.add({ task: "measure", incidentId }, { runAt });
  }

  async function readScene(incidentId: number): Promise<Scene | null> {
    const now = clock.now();
    const incident = await store.incidents.find(incidentId);
    if (incident === null || !isWorthIt(incident, now)) return null;
    const explanation = await store.explanations.find(incidentId);
    if (explanation === null) return null;
    const alerts = await store.incidents.alerts(incidentId, maxAlerts);
    const onsetMs = onsetOf(incident, alerts);
    if (onsetMs === null) return null;
    const isEarly = now.getTime() - onsetMs < earlyMs;
    const suspects = suspectsOf(incident, explanation);
    const basis = basisOf(suspects, onsetMs, isEarly);
    const past = pastOf(await store.incidents.timeline(incidentId, maxEntriesRead));
    if (past.bases.has(basis)) return null;
    return { incident, alerts, onsetMs, isEarly, suspects, basis, past, window: windowOf(onsetMs, now) };
  }

  async function gather(scene: Scene): Promise<readonly MetricReading[]> {
    const { source } = options;
    const signal = AbortSignal.timeout(options.gatherMs ?? 5_000);
    const rules = await ruleQuestions(source, scene, signal);
    const all = [...rules.questions, ...namedQuestions(options.queries, scene.suspects, rules.questions)];
    const questions = all.slice(0, maxQuestions);
    leftOut.note("metric_questions", all.length - questions.length);
    if (rules.problem !== null) {
      options.log.warn(
        { incident: scene.incident.id, problem: rules.problem.because },
        "metrics: rules could not be read",
      );
      if (rules.problem.scope === "server") return unreadAll(scene, questions, rules.problem.because);
    }
    return readMetrics(source, questions, {
      ...{ window: scene.window, onsetMs: scene.onsetMs },
      ...{ signal, leftOut },
    });
  }

  async function save(scene: Scene, readings: readonly MetricReading[]): Promise<void> {
    const { incident, onsetMs } = scene;
    const at = clock.now();
    const changed = strongest(readings);
    const earlierMs = Math.max(0, ...changed.map(({ question }) => question.holdMs));
    const window = { ...scene.window, fromMs: scene.window.fromMs - earlierMs };
    await store.transaction(async (tx) => {
      const current = await tx.incidents.findForUpdate(incident.id);
      if (current === null || current.mergedInto !== null) return;
      const known = (await tx.explanations.evidence(incident.id)).filter((fact) => fact.kind === "metric");
      const facts = evidenceOfMetrics(readings, { ...scene, readAtMs: at.getTime(), known });
      const subjects = new Set(known.map((fact) => fact.subject));
      const news = facts.filter((fact) => !subjects.has(fact.subject));
      const fresh = news.slice(0, Math.max(0, maxEvidence - known.length));
      leftOut.note("metric_evidence", news.length - fresh.length);
      if (fresh.length > 0) await tx.explanations.addEvidence(incident.id, fresh);
      const changes = await tx.incidents.changesBetween(new Date(window.fromMs), new Date(window.toMs), 200);
      const chart = chartOf(changed, { window, onsetMs, changes });
      await addEntry(tx, scene, { chart, changed, readings, at });
      if (fresh.length > 0) await tx.jobs.add({ task: "explain", incidentId: incident.id });
    });
  }

  return { consider, measure };
}

interface Scene {
  readonly incident: Incident;
  readonly alerts: readonly TrackedAlert[];
  readonly onsetMs: number;
  readonly isEarly: boolean;
  readonly suspects: readonly string[];
  readonly basis: string;
  readonly past: Past;
  readonly window: MetricWindow;
}

function isWorthIt(incident: Incident, now: Date): boolean {
  const isOpen = incident.mergedInto === null && !incident.isMuted && incident.state !== "resolved";
  return isOpen && now.getTime() - incident.startedAt.getTime() < maxAgeMs;
}

/** Start of the earliest alert; of an incident that came back, of the earliest that fires. */
function onsetOf(incident: Incident, alerts: readonly TrackedAlert[]): number | null {
  const asked = incident.reopenedCount === 0 ? alerts : alerts.filter((tracked) => tracked.endedBy === null);
  const starts = asked.map(({ alert }) => alert.startsAt.getTime());
  return starts.length === 0 ? null : Math.min(...starts);
}

/** Services of the leading causes; without any, those with most alerts. */
function suspectsOf(incident: Incident, { ranked }: Explanation): readonly string[] {
  const named = ranked.slice(0, maxSuspects).flatMap(({ service }) => service ?? []);
  const suspects = [...new Set([...named, ...incident.services])];
  return suspects.slice(0, named.length > 0 ? maxSuspects : 2);
}

function basisOf(suspects: readonly string[], onsetMs: number, isEarly: boolean): string {
  return hashOf([[...suspects].sort(), onsetMs, isEarly]);
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 24);
}

/** Whole steps, so that every look at the same moment sees the same samples. */
function windowOf(onsetMs: number, now: Date): MetricWindow {
  const whole = (ms: number) => Math.floor(ms / stepMs) * stepMs;
  const toMs = Math.max(onsetMs, Math.min(now.getTime(), onsetMs + afterMs));
  return { fromMs: whole(onsetMs - beforeMs), toMs: whole(toMs), stepMs };
}

function unreadAll(
  { suspects }: Scene,
  questions: readonly MetricReading["question"][],
  because: string,
): readonly MetricReading[] {
  const outcome = { kind: "unreadable", because } as const;
  if (questions.length > 0) return questions.map((question) => ({ question, outcome }));
  const base = { origin: "rule", queries: [], labels: {}, unit: "", limit: null, holdMs: 0 } as const;
  return suspects
    .slice(0, 1)
    .map((service) => ({ question: { ...base, name: "metrics", service }, outcome }));
}

/** What earlier lines of the thread say was measured. */
function pastOf(
  entries: readonly { readonly kind: string; readonly data: Readonly<Record<string, unknown>> }[],
): Past {
  const measured = entries.filter((entry) => entry.kind === "measured");
  const texts = (key: string) =>
    measured.flatMap(({ data }) => [data[key]].flat().filter((value) => typeof value === "string"));
  return {
    bases: new Set(texts("basis")),
    charts: measured.filter(({ data }) => data["chart"] !== undefined).length,
    shown: new Set(texts("shown")),
  };
}

interface Measured {
  readonly chart: MetricChart | null;
  readonly changed: readonly MetricReading[];
  readonly readings: readonly MetricReading[];
  readonly at: Date;
}

/** A line of the history always, and one in the thread when it shows something that no line before it showed. */
async function addEntry(tx: StoreSlices, scene: Scene, measured: Measured): Promise<void> {
  const { incident, past } = scene;
  const { chart, changed, at } = measured;
  const shown = changed.map((reading) =>
    hashOf([reading.question.service, reading.question.name, directionOf(reading)]),
  );
  const isNews = chart !== null && shown.some((metric) => !past.shown.has(metric)) && past.charts < maxCharts;
  const entry: NewTimelineEntry = {
    incidentId: incident.id,
    at,
    kind: "measured",
    actor: "tocsin",
    text: textOf(measured, scene.onsetMs),
    data: { basis: scene.basis, suspects: scene.suspects, ...(isNews ? { chart, shown } : {}) },
    isPosted: isNews,
  };
  const [entryId] = await tx.incidents.addTimeline([entry]);
  if (!isNews || entryId === undefined) return;
  const channels = await tx.posts.channelsOf("incident", incident.id);
  const threadOf = { kind: "incident", subject: incident.id } as const;
  const posts = channels.map((channel) => ({
    ...channel,
    kind: "entry" as const,
    subject: entryId,
    desiredRevision: 1,
    threadOf,
  }));
  if (posts.length === 0) return;
  await tx.posts.want(posts, at);
  await tx.jobs.addAll(channels.map(({ platform, channel }) => ({ task: "post", platform, channel })));
}

function directionOf({ outcome }: MetricReading): string {
  if (outcome.kind !== "read") return outcome.kind;
  return outcome.change.kind === "changed" ? outcome.change.direction : outcome.change.kind;
}

function textOf({ changed, readings }: Measured, onsetMs: number): string {
  const sentences = changed.slice(0, 3).flatMap((reading) => sentenceOfChange(reading, onsetMs) ?? []);
  const [first, ...more] = sentences;
  if (first !== undefined) {
    const others = more.map((sentence) => ` ${capital(sentence)}.`).join("");
    return oneLine(`Metrics around the start: ${first}.${others}`, 1000);
  }
  const read = readings.filter(({ outcome }) => outcome.kind === "read").length;
  const failed = readings.filter(({ outcome }) => outcome.kind === "unreadable").length;
  const rest = failed === 0 ? "" : `; ${failed} could not be read`;
  return `Read ${read} ${read === 1 ? "metric" : "metrics"} around the start: none of them changed${rest}.`;
}

/** The chart that a line of the thread holds, and its description; null for lines without one. */
export function chartIn(
  data: Readonly<Record<string, unknown>>,
): { readonly chart: MetricChart; readonly alt: string } | null {
  const parsed = metricChartSchema.safeParse(data["chart"]);
  return parsed.success ? { chart: parsed.data, alt: altOf(parsed.data) } : null;
}
