/** Whether a planned rollout may be asked for as things stand, and how it is shown to someone who only wants to see. */
import { randomUUID } from "node:crypto";
import { nameQuestion } from "../domain/approval/confirmation.ts";
import { unmeetable } from "../domain/approval.ts";
import type { Person } from "../domain/people/person.ts";
import { type Decision, modelResource, type PolicyResource } from "../domain/policy.ts";
import { freezeStanding, freezeText } from "../domain/rollout/freeze.ts";
import { brokenChecks, type Plan, planTitle } from "../domain/rollout/plan.ts";
import type { Standing } from "../domain/rollout/standing.ts";
import { rolloutView, waitingSentence } from "../domain/rollout/view.ts";
import { newRollout, type Rollout } from "../domain/rollout.ts";
import { oneLine, plain, type View, type ViewAction } from "../domain/view.ts";
import type { Refusal, RolloutStore } from "../ports.ts";
import type { Authority } from "./authority.ts";
import { rulesFor } from "./request-rollout.ts";
import { approversOf, factsFor } from "./rollout-card.ts";
import { standingOf } from "./standing.ts";

export interface Judged {
  /** With the rules that allow it. */
  readonly plan: Plan;
  readonly resource: PolicyResource;
  readonly decision: Decision;
  readonly standing: Standing;
  readonly risk: "low" | "high";
}

export interface Asking {
  readonly plan: Plan;
  readonly person: Person;
  readonly via: string;
  readonly now: Date;
}

/** Asks the policy, with the freezes that cover the plan. */
export async function judgeRollout(
  rollouts: Pick<RolloutStore, "freezes" | "findLock" | "queue">,
  { policy, models }: Authority,
  { plan, person, via, now }: Asking,
): Promise<Judged | Refusal> {
  const model = models.find((candidate) => candidate.name === plan.model);
  const risk = model?.risk ?? "high";
  const resource = modelResource(model ?? { name: plan.model, risk, owners: [] }, plan.environment);
  const standing = await standingOf(rollouts, models, plan, null, now);
  const { freezes } = standing;
  if (plan.breakGlass !== undefined && freezes.length === 0 && brokenChecks(plan).length === 0) {
    return {
      kind: "refuse",
      reason: "nothing_to_break",
      problem: `No freeze covers ${plan.model} in ${plan.environment} now, and no gate refuses it.`,
      remedy: "Ask without --break-glass.",
    };
  }
  const freeze = freezeStanding(plan, freezes);
  const decision = policy.decide({ person, action: plan.kind, resource, via, now, freeze });
  const facts = plan.facts === undefined ? {} : { facts: { ...plan.facts, rules: decision.policies } };
  return { plan: { ...plan, ...facts }, resource, decision, standing, risk };
}

/** What to do about a freeze that stops it; null when none does. */
export function freezeRemedy({ plan, standing }: Judged): string | null {
  const [freeze] = standing.freezes;
  if (freeze === undefined || plan.breakGlass !== undefined) return null;
  return `It is frozen: ${freezeText(freeze)}. Wait, or say why it cannot wait: --break-glass "why"; a second person has to agree.`;
}

/** The card as it would be, with what it would need. Nothing is stored. */
export function dryRunView(
  authority: Authority,
  judged: Judged,
  { person, now }: Pick<Asking, "person" | "now">,
  line: string,
): View {
  const rollout = unstored(judged, person, now);
  const facts = { ...factsFor(authority, rollout, now), standing: judged.standing };
  const card = rolloutView(facts);
  const { sentence, isAllowed } = verdictOf(authority, judged, rollout, now, () => waitingSentence(facts));
  const title = `Dry run: ${planTitle(judged.plan)}`;
  const { actions, blocks } = card;
  return {
    kind: "answer",
    title,
    tone: isAllowed ? "neutral" : "bad",
    summary: `${title}. ${sentence} Nothing was stored.`,
    blocks: [{ kind: "text", text: [plain(`${sentence} Nothing was stored.`)] }, ...blocks.slice(1)],
    actions: isAllowed && actions.length > 0 ? [askFor(judged, line)] : [],
    footer: `plan ${rollout.planHash.slice(0, 12)}`,
  };
}

function unstored({ plan, decision }: Judged, person: Person, now: Date): Rollout {
  const approvalRules = decision.kind === "allow" ? rulesFor(plan, decision) : [];
  const operationId = `dry-run-${randomUUID()}`;
  const asked = {
    operationId,
    plan,
    requestedBy: person.id,
    requestedIn: null,
    approvalRules,
    expiresAt: now,
    now,
  };
  return { ...newRollout(asked), id: 0, version: 0, expiresAt: null };
}

function verdictOf(
  authority: Authority,
  judged: Judged,
  rollout: Rollout,
  now: Date,
  waiting: () => string,
): { readonly sentence: string; readonly isAllowed: boolean } {
  const { decision, risk } = judged;
  if (decision.kind === "deny") {
    const remedy = freezeRemedy(judged);
    const why = `You may not ask for it: ${decision.because}.`;
    return { sentence: remedy === null ? why : `${why} ${remedy}`, isAllowed: false };
  }
  const lacking = unmeetable(rollout.approvalRules, approversOf(authority, rollout, now));
  if (lacking !== null) return { sentence: "Too few people may approve it.", isAllowed: false };
  const name = risk === "high" ? ` Its name has to be typed: --confirm ${judged.plan.model}.` : "";
  const next = rollout.approvalRules.length === 0 ? "It would need no approval." : waiting();
  return { sentence: `${next}${name}`, isAllowed: true };
}

function askFor({ plan, risk }: Judged, line: string): ViewAction {
  const base = { label: "Ask for it", command: line, style: "primary" } as const;
  if (risk === "high") return { ...base, ask: nameQuestion(plan.model) };
  return { ...base, confirm: oneLine(`Ask for: ${planTitle(plan)}?`, 200) };
}
