/** What the card of a rollout shows: its plan, who decides, how far it is, how it ended. */
import { fits, weighApprovals } from "../approval.ts";
import { bakeBlocks, bakeSentence, bakeTone, bakeWord, holdSentence, shownBake } from "../bake/view.ts";
import type { Hold } from "../bake.ts";
import type { Rollout } from "../rollout.ts";
import {
  bold,
  code,
  duration,
  link,
  moment,
  oneLine,
  plain,
  type Span,
  type StepState,
  safeUrl,
  type Text,
  type Tone,
  type View,
  type ViewBlock,
} from "../view.ts";
import { rolloutActions, shownHash } from "./actions.ts";
import type { RolloutFacts } from "./facts.ts";
import { metricBlocks } from "./metrics.ts";
import { planTitle } from "./plan.ts";
import { brokenThing, planFields } from "./plan-view.ts";
import { manifestLine } from "./retrain-manifest.ts";
import { shownElapsedMs } from "./shown.ts";
import { isFinal, isUnderWay, type RolloutState } from "./state.ts";

export type { RolloutFacts } from "./facts.ts";

const maxLogTail = 1_200;
/** People named for one demand. */
const maxNamed = 8;

const tones: Readonly<Record<RolloutState, Tone>> = {
  pending: "warning",
  approved: "info",
  starting: "info",
  running: "info",
  cancelling: "warning",
  succeeded: "good",
  failed: "bad",
  cancelled: "neutral",
  denied: "bad",
  expired: "neutral",
  unknown: "bad",
};

/** The card of a rollout as it stands. */
export function rolloutView(facts: RolloutFacts): View {
  const { rollout } = facts;
  const bake = shownBake(rollout);
  const state = stateSentence(facts);
  const isLoud = rollout.plan.breakGlass !== undefined && !isFinal(rollout.state);
  const word = bake === null ? stateWord(rollout) : bakeWord(bake);
  const title = `${isLoud ? `${brokenThing(rollout.plan).toUpperCase()}: ` : ""}Rollout ${rollout.id}: ${planTitle(rollout.plan)}`;
  return {
    kind: "rollout",
    title,
    tone: isLoud ? "bad" : toneOf(rollout),
    summary: `${title}. ${verdictOf(rollout, word)}${state} Reason: ${oneLine(rollout.plan.reason, 300)}`,
    blocks: [
      { kind: "text", text: [bold(word), plain(` · ${state}`)] },
      fieldsOf(facts),
      ...metricBlocks(rollout),
      ...stepsOf(rollout),
      ...(bake === null ? [] : bakeBlocks(bake)),
      ...notesOf(rollout),
      ...logOf(rollout),
    ],
    actions: rolloutActions(facts),
    footer: footerOf(rollout),
  };
}

function toneOf(rollout: Rollout): Tone {
  const bake = shownBake(rollout);
  if (bake !== null) return bakeTone(bake);
  return waitsForPerson(rollout) ? "warning" : tones[rollout.state];
}

function stateWord(rollout: Rollout): string {
  const { state } = rollout;
  if (waitsForPerson(rollout)) return "Canary waits";
  return state === "pending" ? "Waiting for approval" : `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
}

/** What a phone shows is short, so a bake's verdict and a failure stand before their reasons there. */
function verdictOf(rollout: Rollout, word: string): string {
  return shownBake(rollout) !== null || rollout.state === "failed" ? `${word}. ` : "";
}

/** Where its canary stays now; null when it does not. What was held last is kept longer than it holds. */
function holdOf({ state, progress }: Rollout): Hold | null {
  return state === "running" && progress.note?.startsWith("holds at ") === true ? progress.hold : null;
}

/** A canary that cannot tell goes no further until somebody says so. */
function waitsForPerson(rollout: Rollout): boolean {
  return holdOf(rollout)?.state === "asking";
}

/** One sentence: where it stands and what is awaited. */
function stateSentence(facts: RolloutFacts): string {
  const { rollout, nameOf } = facts;
  const { progress, result, plan } = rollout;
  const hold = holdOf(rollout);
  switch (rollout.state) {
    case "pending":
      return waitingSentence(facts);
    case "approved":
      return progress.note === null ? "About to start." : sentence(progress.note);
    case "starting":
      return progress.note === null ? "Asking the backend." : sentence(progress.note);
    case "running":
      if (hold !== null) return `${holdSentence(hold)}${unstoppable(rollout)}`;
      return `${progress.note === null ? "The backend is working on it." : sentence(progress.note)}${unstoppable(rollout)}`;
    case "cancelling":
      return progress.note === null
        ? `Asked to stop by ${nameOf(progress.cancelRequestedBy ?? "tocsin")}.`
        : sentence(progress.note);
    case "unknown":
      return `Nobody knows whether it was carried out (${result ?? "no word from the backend"}). Look at ${plan.model} in ${plan.environment}, then say how it ended; until then nothing else is rolled out there.`;
    case "succeeded": {
      const bake = shownBake(rollout);
      const ended = sentence(result ?? rollout.state);
      return bake === null ? ended : `${ended} ${bakeSentence(rollout, bake, nameOf)}`;
    }
    default:
      return sentence(result ?? rollout.state);
  }
}

function unstoppable(rollout: Rollout): string {
  const { cancelProblem } = rollout.progress;
  return cancelProblem === null ? "" : ` It could not be stopped: ${oneLine(cancelProblem, 200)}.`;
}

function sentence(text: string): string {
  const line = oneLine(text, 400);
  const start = `${line.charAt(0).toUpperCase()}${line.slice(1)}`;
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}

/** Who still has to agree. */
export function waitingSentence(facts: RolloutFacts): string {
  const demands = openDemands(facts).map(({ missing, roles, able }) => {
    const who = able.length === 0 ? "nobody may give it" : `from ${able.map(facts.nameOf).join(", ")}`;
    const role = roles.length === 0 ? "" : ` (${roles.join(" or ")})`;
    return `${missing} more ${missing === 1 ? "approval" : "approvals"} ${who}${role}`;
  });
  return demands.length === 0 ? "Needs no more approvals." : `Needs ${demands.join(", and ")}.`;
}

/** Ids of the people who are waited for, each once; empty when nobody is. */
export function awaitedPeople(facts: RolloutFacts): readonly string[] {
  return [...new Set(openDemands(facts).flatMap(({ able }) => able))];
}

/** What is not met yet, with those who could meet it and have not spoken. */
function openDemands({ rollout, approvals, approvers, rolesOf }: RolloutFacts) {
  const { approvalRules: rules } = rollout;
  const mayApprove = (person: string) => approvers.includes(person);
  const weight = weighApprovals({ rollout, approvals, rules, mayApprove, rolesOf });
  if (weight.kind !== "waiting") return [];
  const silent = approvers.filter((person) => !approvals.some((approval) => approval.person === person));
  return weight.open.map(({ missing, ...rule }) => {
    const able = silent.filter((person) => fits(rule, rolesOf(person))).slice(0, maxNamed);
    return { missing, roles: rule.roles, able };
  });
}

function fieldsOf(facts: RolloutFacts): ViewBlock {
  const { rollout, nameOf } = facts;
  const { plan } = rollout;
  const change: Text =
    plan.to === null
      ? [plain("a new version, trained beside "), code(plan.from ?? "nothing")]
      : [code(plan.from ?? "nothing"), plain(" → "), code(plan.to)];
  const fields: { label: string; value: Text }[] = [
    { label: "Model", value: [plain(`${plan.model} in ${plan.environment}`)] },
    { label: "Version", value: change },
    {
      label: "Asked for by",
      value: [plain(`${nameOf(rollout.requestedBy)}, `), moment(rollout.requestedAt)],
    },
    { label: "Reason", value: [plain(oneLine(plan.reason, 300))] },
  ];
  fields.push(...planFields(facts));
  if (plan.manifest !== undefined)
    fields.push({ label: "Made from", value: [plain(manifestLine(plan.manifest))] });
  const incidents = [plan.incidentId, rollout.bake?.incidentId ?? null].filter((id) => id !== null);
  if (incidents.length > 0)
    fields.push({ label: "Incident", value: [plain([...new Set(incidents)].join(", "))] });
  fields.push({ label: "Approvals", value: approvalsText(facts) });
  if (plan.inverse !== null) fields.push({ label: "Undo", value: [code(`/${plan.inverse}`)] });
  const { newVersion, url } = rollout.progress;
  if (safeUrl(url) !== null) fields.push({ label: "Run", value: [link("open in its backend", url)] });
  if (newVersion !== null) fields.push({ label: "New version", value: [code(newVersion)] });
  if (rollout.startedAt !== null && rollout.finishedAt !== null) {
    const took = duration(rollout.finishedAt.getTime() - rollout.startedAt.getTime());
    fields.push({ label: "Took", value: [plain(took)] });
  } else if (isUnderWay(rollout.state) && rollout.elapsed !== null) {
    const ranMs = shownElapsedMs(rollout.elapsed.ms);
    const expected = plan.expectedMs === null ? "" : ` of about ${duration(plan.expectedMs)}`;
    const running = ranMs === 0 ? "less than a minute" : duration(ranMs);
    fields.push({ label: "Running for", value: [plain(`${running}${expected}`)] });
  } else if (plan.expectedMs !== null) {
    fields.push({ label: "Takes about", value: [plain(duration(plan.expectedMs))] });
  } else if (rollout.state === "pending" || rollout.state === "approved") {
    fields.push({ label: "Takes about", value: [plain("not known: none has succeeded here yet")] });
  }
  if (rollout.state === "pending" && rollout.expiresAt !== null) {
    fields.push({ label: "Expires", value: [moment(rollout.expiresAt)] });
  }
  return { kind: "fields", fields };
}

function approvalsText(facts: RolloutFacts): Text {
  const { rollout, approvals, nameOf } = facts;
  if (approvals.length === 0) {
    return [plain(rollout.approvalsNeeded === 0 ? "none needed" : `0 of ${rollout.approvalsNeeded}`)];
  }
  const words = approvals.map((approval) => {
    const word = approval.decision === "approve" ? "approved" : "denied";
    const reason = approval.reason === "" ? "" : ` (${oneLine(approval.reason, 120)})`;
    return `${word} by ${nameOf(approval.person)} via ${approval.via}${reason}`;
  });
  return [plain(words.join("; "))];
}

function stepsOf(rollout: Rollout): ViewBlock[] {
  const { steps } = rollout.progress;
  if (steps.length === 0) return [];
  const isOver = ["denied", "expired", "cancelled"].includes(rollout.state);
  const shown = steps.map((step): { label: string; state: StepState } => ({
    label: oneLine(step.label, 200),
    state: isOver && step.state === "waiting" ? "skipped" : step.state,
  }));
  return [{ kind: "steps", steps: shown }];
}

function notesOf(rollout: Rollout): ViewBlock[] {
  const { notes } = rollout.plan;
  if (notes.length === 0) return [];
  const items = notes.slice(0, 10).map((note): Text => [plain(oneLine(note, 300))]);
  return [{ kind: "list", items, ordered: "bulleted" }];
}

function logOf(rollout: Rollout): ViewBlock[] {
  const tail = rollout.progress.logTail.trim();
  return tail === "" ? [] : [{ kind: "code", text: lastCharacters(tail, maxLogTail) }];
}

function lastCharacters(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(text.length - max + 1);
  return `…${/^[\uDC00-\uDFFF]/.test(cut) ? cut.slice(1) : cut}`;
}

function footerOf(rollout: Rollout): string {
  const parts: Span[] = [
    plain(`rollout ${rollout.id}`),
    plain(`plan ${rollout.planHash.slice(0, shownHash)}`),
    ...(rollout.auditSeq === null ? [] : [plain(`audit entry ${rollout.auditSeq}`)]),
  ];
  return parts.map((part) => part.text).join(" · ");
}
