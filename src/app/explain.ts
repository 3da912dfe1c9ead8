/**
 * Explains incidents. The deterministic text comes at once; where a model is configured it is asked once for each
 * settled state of the facts, and its answer stands only as far as the evidence backs it.
 */
import { storedAnswer } from "../domain/explanation/first-answer.ts";
import {
  basisOf,
  isNews,
  isShownDifferently,
  type News,
  newsOf,
  withTemplate,
} from "../domain/explanation/revision.ts";
import type { Explanation, ExplanationDraft, ExplanationQuestion } from "../domain/explanation.ts";
import type { Incident } from "../domain/incident.ts";
import type { Clock, Explainer, Log, Metrics, NewTimelineEntry, StoreSlices, TokenBudget } from "../ports.ts";
import { askModel } from "./explain-model.ts";
import { type ExplainState, type ExplainStateOptions, readExplainState } from "./explain-state.ts";
import { countLeftOut } from "./left-out.ts";

export interface ExplainOptions extends Omit<ExplainStateOptions, "leftOut"> {
  /** `openai` is null when no model is configured. */
  readonly explainers: { readonly template: Explainer; readonly openai: Explainer | null };
  readonly budget: TokenBudget;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The facts must have stood still for this long before a model is asked; default 10 s. */
  readonly settleMs?: number;
  /** In a storm that never stands still a model is asked this often; default 60 s. */
  readonly maxWaitMs?: number;
}

export interface Explain {
  /** Brings the explanation of an incident up to date. Does nothing when nothing that matters has changed. */
  explain(incidentId: number): Promise<void>;
  /** The same for cards that have none to show yet: cards of several channels, and the job, wait for one another. */
  explainFirst(incidentId: number): Promise<void>;
}

/** An explanation in the making. */
interface Work {
  /** It is stored. */
  readonly answered: Promise<void>;
  /** The incident can be found by it. */
  readonly indexed: Promise<void>;
}

type Step =
  | { readonly kind: "nothing" }
  /** The facts moved: write at once from the template. */
  | { readonly kind: "write" }
  | { readonly kind: "wait"; readonly until: Date }
  /** The facts have stood still, or have not for long: ask the model, tell the thread. */
  | { readonly kind: "settle"; readonly stored: Explanation };

export function createExplain(options: ExplainOptions): Explain {
  const { store, clock, metrics } = options;
  const leftOut = countLeftOut(metrics);
  const settleMs = options.settleMs ?? 10_000;
  const maxWaitMs = options.maxWaitMs ?? 60_000;

  /** Explanations that are being made by this process, no more than it has jobs at a time. */
  const running = new Map<number, Work>();

  function begin(incidentId: number): Work {
    const reading = readExplainState({ ...options, leftOut }, incidentId, clock.now());
    const answered = reading.then((state) => (state === null ? undefined : answer(incidentId, state)));
    const indexed = Promise.all([reading, answered])
      .then(([state]) => (state === null ? undefined : index(incidentId, state)))
      .finally(() => {
        if (running.get(incidentId) === work) running.delete(incidentId);
      });
    const work: Work = { answered, indexed };
    running.set(incidentId, work);
    return work;
  }

  async function explain(incidentId: number): Promise<void> {
    await begin(incidentId).indexed;
  }

  async function explainFirst(incidentId: number): Promise<void> {
    const work = running.get(incidentId) ?? begin(incidentId);
    // A card waits for what it shows. What is left undone of the rest, the job does again.
    work.indexed.catch((error: unknown) =>
      options.log.debug(
        { incident: incidentId, error: String(error) },
        "explain: the index waits for the job",
      ),
    );
    await work.answered;
  }

  /** By the one later incidents find it, by the other people do, in the words of its explanation too. */
  async function index(incidentId: number, { features }: ExplainState): Promise<void> {
    await Promise.all([store.similar.remember(incidentId, features), store.search.takeIn(incidentId)]);
  }

  async function answer(incidentId: number, state: ExplainState): Promise<void> {
    const step = nextStep(state, clock.now());
    if (step.kind === "wait") return comeBack(incidentId, step.until);
    if (step.kind === "settle") return settle(state, step.stored);
    if (step.kind === "nothing") return;
    const written = await write(state);
    await save(state, written, null);
    if (written.unsettledSince !== undefined)
      await comeBack(incidentId, new Date(clock.now().getTime() + settleMs));
  }

  function nextStep({ question, material, stored }: ExplainState, now: Date): Step {
    if (stored === null) return { kind: "write" };
    const isOld = stored.basis !== basisOf(material);
    const since = stored.unsettledSince;
    if (since !== undefined && now.getTime() - new Date(since).getTime() >= maxWaitMs)
      return { kind: "settle", stored };
    if (isOld) return { kind: "write" };
    if (since === undefined || !isUnsettled(question.incident, stored)) return { kind: "nothing" };
    const settledAt = new Date(stored.at.getTime() + settleMs);
    return settledAt <= now ? { kind: "settle", stored } : { kind: "wait", until: settledAt };
  }

  /** True while there is something to ask a model, or to tell the thread. */
  function isUnsettled(incident: Incident, explanation: Explanation): boolean {
    if (incident.state === "resolved") return false;
    return mayAsk(incident, explanation) || isNews(explanation.told, explanation.material.answer);
  }

  function mayAsk(incident: Incident, { asked, basis }: Pick<Explanation, "asked" | "basis">): boolean {
    const isWorthIt = !incident.isMuted && incident.state !== "resolved";
    return options.explainers.openai !== null && isWorthIt && asked?.basis !== basis;
  }

  async function comeBack(incidentId: number, runAt: Date): Promise<void> {
    await store.jobs.add({ task: "explain", incidentId }, { runAt });
  }

  /** The template's text; or the model's stands on while the answer to "what caused it" is the same. */
  async function write({ question, material, stored }: ExplainState): Promise<Explanation> {
    metrics.count("tocsin_explanations_total", { explainer: "template", outcome: "written" });
    const at = clock.now();
    const written = withTemplate(question, { draft: await draft(question), material, stored, at });
    if (!isUnsettled(question.incident, written)) return written;
    return { ...written, unsettledSince: stored?.unsettledSince ?? at.toISOString() };
  }

  async function draft(question: ExplanationQuestion): Promise<ExplanationDraft> {
    const result = await options.explainers.template.explain(question);
    if (result.kind === "unavailable") throw new Error(`explain: the template failed: ${result.reason}`);
    return result.draft;
  }

  async function settle(state: ExplainState, stored: Explanation): Promise<void> {
    const { question, material } = state;
    const model = options.explainers.openai;
    const basis = basisOf(material);
    const isAsked = model !== null && mayAsk(question.incident, { asked: stored.asked, basis });
    const { unsettledSince: _settled, ...written } = isAsked
      ? await ask(state, stored, model)
      : await write(state);
    const news =
      question.incident.state === "resolved" ? null : newsOf(stored.told, material.answer, question);
    await save(state, { ...written, told: material.answer }, news);
  }

  /** That it is asked is stored first: a replica that dies over the answer has paid for it, and is not followed by another. */
  async function ask(state: ExplainState, stored: Explanation, model: Explainer): Promise<Explanation> {
    const { question, material } = state;
    const log = options.log.child({ incident: question.incident.id });
    const at = clock.now();
    const asked = { basis: basisOf(material), at: at.toISOString() };
    await store.explanations.save({ ...stored, asked });
    const answer = await askModel({ model, question, budget: options.budget, store, at, log, metrics });
    const written = withTemplate(question, {
      draft: await draft(question),
      material,
      stored: null,
      at: clock.now(),
    });
    if (answer.kind === "none") return { ...written, fallback: answer.reason, asked };
    const { summary, causes, order } = answer;
    return { ...written, summary, causes, modelOrder: order, explainer: model.name, asked };
  }

  async function save(state: ExplainState, explanation: Explanation, news: News | null): Promise<void> {
    const id = state.question.incident.id;
    const isSaved = await store.transaction(async (tx) => {
      const incident = await tx.incidents.findForUpdate(id);
      if (incident === null || incident.mergedInto !== null) return true;
      // The first card and the first job may explain at the same time: whoever saves second looks again.
      const now = await tx.explanations.find(id);
      if (now?.at.getTime() !== state.stored?.at.getTime()) return false;
      const isShown = isShownDifferently(state.stored, explanation);
      const revision = incident.revision + (isShown ? 1 : 0);
      await tx.explanations.save({ ...explanation, revision });
      if (isShown) await tx.incidents.save([{ ...incident, revision }]);
      const entry = entryFor(state.stored, explanation, news, clock.now());
      const [entryId] = entry === null ? [] : await tx.incidents.addTimeline([entry]);
      const told = entry?.isPosted === true ? entryId : undefined;
      if (isShown || told !== undefined)
        await wantPosts(tx, { id, revision, entryId: told, now: clock.now() });
      return true;
    });
    if (!isSaved) await store.jobs.add({ task: "explain", incidentId: id });
  }

  return { explain, explainFirst };
}

/** A line of the history: the first answer, which the card shows anyway, and every other that the thread is told. */
function entryFor(
  stored: Explanation | null,
  explanation: Explanation,
  news: News | null,
  now: Date,
): NewTimelineEntry | null {
  const first = stored === null ? (explanation.causes[0] ?? null) : null;
  const said = news ?? first;
  if (said === null) return null;
  const answer = storedAnswer({ ...explanation, modelOrder: null });
  const cause = answer === null || answer.kind === "not_enough" ? null : answer.cause;
  return {
    incidentId: explanation.incidentId,
    at: now,
    kind: "explained",
    actor: "tocsin",
    text: said.text,
    data: {
      service: cause?.service ?? null,
      changeId: cause?.changeId ?? null,
      confidence: explanation.ranked[0]?.confidence ?? null,
      evidence: said.evidence,
      isNewCause: news?.isNewCause ?? false,
    },
    isPosted: news !== null,
  };
}

async function wantPosts(
  tx: StoreSlices,
  wanted: {
    readonly id: number;
    readonly revision: number;
    readonly entryId: number | undefined;
    readonly now: Date;
  },
): Promise<void> {
  const channels = await tx.posts.channelsOf("incident", wanted.id);
  const card = {
    kind: "incident",
    subject: wanted.id,
    desiredRevision: wanted.revision,
    threadOf: null,
  } as const;
  const entry =
    wanted.entryId === undefined
      ? null
      : ({
          kind: "entry",
          subject: wanted.entryId,
          desiredRevision: 1,
          threadOf: { kind: "incident", subject: wanted.id },
        } as const);
  const posts = channels.flatMap((channel) => [
    { ...channel, ...card },
    ...(entry === null ? [] : [{ ...channel, ...entry }]),
  ]);
  if (posts.length === 0) return;
  await tx.posts.want(posts, wanted.now);
  await tx.jobs.addAll(channels.map(({ platform, channel }) => ({ task: "post", platform, channel })));
}
