/**
 * Explains incidents. The deterministic text comes at once; where a model is configured it is asked once for each
 * settled state of the facts, and its answer stands only as far as the evidence backs it.
 */
import type { Cause, CauseQuestion } from "../domain/correlation.ts";
import { selectEvidence } from "../domain/evidence.ts";
import type { Evidence, Explanation, ExplanationDraft, ExplanationQuestion } from "../domain/explanation.ts";
import { basisOf, causeIdentity, isShownDifferently, withTemplate } from "../domain/explanation-revision.ts";
import { writeTemplate } from "../domain/explanation-template.ts";
import type { Incident } from "../domain/incident.ts";
import { redact } from "../domain/redaction.ts";
import { oneLine } from "../domain/view.ts";
import type { Clock, Explainer, Log, Metrics, NewTimelineEntry, Store, StoreSlices } from "../ports.ts";
import { gatherFacts } from "./explain-facts.ts";
import { askModel, type TokenBudget } from "./explain-model.ts";

export interface ExplainOptions {
  readonly store: Store;
  /** `openai` is null when no model is configured. */
  readonly explainers: { readonly template: Explainer; readonly openai: Explainer | null };
  /** Ranks with the weights that are champion now; best first. */
  readonly rankCauses: (question: CauseQuestion) => readonly Cause[];
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
}

const maxReason = 400;

/** The facts of an incident, numbered, with the answer that is stored. */
interface State {
  readonly question: ExplanationQuestion;
  readonly basis: string;
  readonly stored: Explanation | null;
}

type Step =
  | { readonly kind: "nothing" }
  /** The facts moved: write at once from the template, and come back for the model. */
  | { readonly kind: "write" }
  | { readonly kind: "wait"; readonly until: Date }
  | { readonly kind: "ask" };

export function createExplain(options: ExplainOptions): Explain {
  const { store, clock, metrics } = options;
  const settleMs = options.settleMs ?? 10_000;
  const maxWaitMs = options.maxWaitMs ?? 60_000;

  async function explain(incidentId: number): Promise<void> {
    const log = options.log.child({ incident: incidentId });
    const state = await readState(incidentId);
    if (state === null) return;
    const step = nextStep(state, clock.now());
    if (step.kind === "nothing") return;
    if (step.kind === "wait") return comeBack(incidentId, step.until);
    if (step.kind === "ask") return ask(state, log);
    await save(state, await write(state));
    if (isAskable(state.question.incident))
      await comeBack(incidentId, new Date(clock.now().getTime() + settleMs));
  }

  async function readState(incidentId: number): Promise<State | null> {
    const facts = await gatherFacts(store, incidentId, clock.now());
    if (facts === null) return null;
    const causes = options.rankCauses(facts.ranking).map(withoutSecrets);
    const undo = await facts.undoFor(causes);
    const known = await store.explanations.evidence(incidentId);
    const fresh = selectEvidence({ ...facts, causes, known });
    const evidence = fresh.length === 0 ? known : await store.explanations.addEvidence(incidentId, fresh);
    const question = { incident: facts.incident, evidence, causes, undo };
    return { question, basis: basisOf(question), stored: await store.explanations.find(incidentId) };
  }

  function isAskable(incident: Incident): boolean {
    return options.explainers.openai !== null && !incident.isMuted && incident.state !== "resolved";
  }

  function nextStep({ question, basis, stored }: State, now: Date): Step {
    const mayAsk = isAskable(question.incident) && stored?.asked?.basis !== basis;
    if (stored === null) return { kind: "write" };
    const waitedMs = now.getTime() - new Date(stored.unaskedSince ?? now).getTime();
    if (mayAsk && waitedMs >= maxWaitMs) return { kind: "ask" };
    if (stored.basis !== basis) return { kind: "write" };
    if (!mayAsk) return { kind: "nothing" };
    const settledAt = new Date(stored.at.getTime() + settleMs);
    return settledAt <= now ? { kind: "ask" } : { kind: "wait", until: settledAt };
  }

  async function comeBack(incidentId: number, runAt: Date): Promise<void> {
    await store.jobs.add({ task: "explain", incidentId }, { runAt });
  }

  /** The template's text; or the model's stands on while the answer to "what caused it" is the same. */
  async function write({ question, basis, stored }: State): Promise<Explanation> {
    metrics.count("tocsin_explanations_total", { explainer: "template", outcome: "written" });
    return withTemplate(question, { draft: await draft(question), basis, stored, at: clock.now() });
  }

  async function draft(question: ExplanationQuestion): Promise<ExplanationDraft> {
    const result = await options.explainers.template.explain(question);
    if (result.kind === "unavailable") throw new Error(`explain: the template failed: ${result.reason}`);
    return result.draft;
  }

  async function ask(state: State, log: Log): Promise<void> {
    const { question, basis } = state;
    const model = options.explainers.openai;
    if (model === null) return;
    const at = clock.now();
    const asked = { basis, at: at.toISOString() };
    const answer = await askModel({ model, question, budget: options.budget, store, at, log, metrics });
    const { unaskedSince: _unaskedSince, ...written } = withTemplate(question, {
      draft: await draft(question),
      basis,
      stored: null,
      at: clock.now(),
    });
    const explanation: Explanation =
      answer.kind === "text"
        ? { ...written, summary: answer.summary, causes: answer.causes, explainer: model.name, asked }
        : { ...written, fallback: answer.reason, asked };
    await save(state, explanation);
  }

  async function save(state: State, explanation: Explanation): Promise<void> {
    const id = state.question.incident.id;
    await store.transaction(async (tx) => {
      const incident = await tx.incidents.findForUpdate(id);
      if (incident === null || incident.mergedInto !== null) return;
      const isShown = isShownDifferently(state.stored, explanation);
      const revision = incident.revision + (isShown ? 1 : 0);
      await tx.explanations.save({ ...explanation, revision });
      if (!isShown) return;
      await tx.incidents.save([{ ...incident, revision }]);
      const entry = entryFor(state.stored, explanation, clock.now());
      const [entryId] = entry === null ? [] : await tx.incidents.addTimeline([entry]);
      await wantPosts(tx, { id, revision, entryId, now: clock.now() });
    });
  }

  return { explain };
}

/** Reasons quote alerts and changes, which may hold secrets; they are stored, shown and sent to a model. */
function withoutSecrets(cause: Cause): Cause {
  const terms = cause.terms.map((term) => ({
    ...term,
    because: oneLine(redact(term.because).text, maxReason),
  }));
  return { ...cause, terms };
}

/** A line in the thread when the answer to "what caused it" changes; null while it stays. */
function entryFor(stored: Explanation | null, explanation: Explanation, now: Date): NewTimelineEntry | null {
  const [before, after] = [causeIdentity(stored?.ranked[0]), causeIdentity(explanation.ranked[0])];
  const claim = explanation.causes[0];
  if (before === after || claim === undefined) return null;
  const lead =
    before === "none"
      ? "Probable cause"
      : after === "none"
        ? "No cause stands out any more"
        : "Probable cause now";
  const cause = explanation.ranked[0];
  return {
    incidentId: explanation.incidentId,
    at: now,
    kind: "explained",
    actor: "tocsin",
    text: `${lead}: ${claim.text}`,
    data: {
      service: cause?.service ?? null,
      changeId: cause?.changeId ?? null,
      confidence: cause?.confidence ?? null,
      evidence: claim.evidence,
    },
    isPosted: true,
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

/** Facts at hand in triage, before anything of the explanation is stored. */
export interface FirstQuestion extends Omit<Parameters<typeof selectEvidence>[0], "known"> {
  readonly undo: ExplanationQuestion["undo"];
}

/** The explanation that a first card can show at once: pure, numbered from 1, nothing stored. */
export function templateExplanation(
  question: FirstQuestion,
  at: Date,
): { readonly explanation: Explanation; readonly evidence: readonly Evidence[] } {
  const causes = question.causes.map(withoutSecrets);
  const evidence = selectEvidence({ ...question, causes, known: [] }).map((fact, index) => ({
    ...fact,
    number: index + 1,
  }));
  const asked = { incident: question.incident, evidence, causes, undo: question.undo };
  const made = { draft: writeTemplate(asked), basis: basisOf(asked), stored: null, at };
  return { explanation: withTemplate(asked, made), evidence };
}
