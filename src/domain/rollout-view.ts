/** What the card of a rollout shows: its plan, who decides, how far it is, how it ended. */
import { fits, weighApprovals } from "./approval.ts";
import {
  bakeActions,
  bakeBlocks,
  bakeSentence,
  bakeTone,
  bakeWord,
  holdActions,
  holdSentence,
  shownBake,
} from "./bake-view.ts";
import { nameQuestion } from "./confirmation.ts";
import type { MetricComparison } from "./metric-comparison.ts";
import { brokenThing, planFields } from "./plan-view.ts";
import { manifestLine } from "./retrain-manifest.ts";
import {
  isFinal,
  isUnderWay,
  type Plan,
  planTitle,
  type Rollout,
  type RolloutState,
  shownElapsedMs,
} from "./rollout.ts";
import type { RolloutFacts } from "./rollout-facts.ts";
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
  truncate,
  type View,
  type ViewAction,
  type ViewBlock,
} from "./view.ts";

export type { RolloutFacts } from "./rollout-facts.ts";

/** Characters of the plan's hash that an approval button carries; enough to tell any two plans apart. */
const shownHash = 12;
const maxLogTail = 1_200;
/** A button's command line is at most this long. */
const maxCommand = 100;

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
  const word = bake === null ? stateWord(rollout.state) : bakeWord(bake);
  const title = `${isLoud ? `${brokenThing(rollout.plan).toUpperCase()}: ` : ""}Rollout ${rollout.id}: ${planTitle(rollout.plan)}`;
  return {
    kind: "rollout",
    title,
    tone: isLoud ? "bad" : bake === null ? tones[rollout.state] : bakeTone(bake),
    summary: `${title}. ${state} Reason: ${oneLine(rollout.plan.reason, 300)}`,
    blocks: [
      { kind: "text", text: [bold(word), plain(` · ${state}`)] },
      fieldsOf(facts),
      ...metricsOf(rollout),
      ...stepsOf(rollout),
      ...(bake === null ? [] : bakeBlocks(bake)),
      ...notesOf(rollout),
      ...logOf(rollout),
    ],
    actions: actionsOf(facts),
    footer: footerOf(rollout),
  };
}

function stateWord(state: RolloutState): string {
  return state === "pending" ? "Waiting for approval" : `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
}

/** One sentence: where it stands and what is awaited. */
function stateSentence(facts: RolloutFacts): string {
  const { rollout, nameOf } = facts;
  const { progress, result, plan } = rollout;
  switch (rollout.state) {
    case "pending":
      return waitingSentence(facts);
    case "approved":
      return progress.note === null ? "About to start." : sentence(progress.note);
    case "starting":
      return progress.note === null ? "Asking the backend." : sentence(progress.note);
    case "running":
      if (progress.hold !== null && progress.note?.startsWith("holds at ") === true)
        return `${holdSentence(progress.hold)}${unstoppable(rollout)}`;
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
  const { rollout, approvers, nameOf } = facts;
  const weight = weighApprovals({
    rollout,
    approvals: facts.approvals,
    rules: rollout.approvalRules,
    mayApprove: (person) => approvers.includes(person),
    rolesOf: facts.rolesOf,
  });
  if (weight.kind !== "waiting") return "Needs no more approvals.";
  const silent = approvers.filter(
    (person) => !facts.approvals.some((approval) => approval.person === person),
  );
  const demands = weight.open.map((rule) => {
    const able = silent.filter((person) => fits(rule, facts.rolesOf(person)));
    const who = able.length === 0 ? "nobody may give it" : `from ${able.slice(0, 8).map(nameOf).join(", ")}`;
    const role = rule.roles.length === 0 ? "" : ` (${rule.roles.join(" or ")})`;
    return `${rule.missing} more ${rule.missing === 1 ? "approval" : "approvals"} ${who}${role}`;
  });
  return `Needs ${demands.join(", and ")}.`;
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

function metricsOf(rollout: Rollout): ViewBlock[] {
  const { metrics: trained } = rollout.progress;
  const comparison =
    rollout.progress.comparison.length > 0
      ? rollout.progress.comparison
      : (rollout.plan.facts?.comparison ?? []);
  if (comparison.length > 0) return [comparisonTable(rollout.plan, comparison)];
  const planned = rollout.plan.metrics;
  const names = [...new Set([...planned.map((metric) => metric.name), ...Object.keys(trained)])].sort();
  if (names.length === 0) return [];
  const rows = names.map((name) => {
    const metric = planned.find((candidate) => candidate.name === name);
    const from = metric?.from ?? null;
    const to = trained[name] ?? metric?.to ?? null;
    return [name, number(from), number(to), from === null || to === null ? "–" : signed(to - from)];
  });
  const { from, to } = rollout.plan;
  const unpaired = "Each version's own figures, not measured together: a difference may be chance.";
  return [
    { kind: "table", columns: ["metric", from ?? "now", to ?? "new version", "difference"], rows },
    { kind: "note", text: [plain(unpaired)] },
  ];
}

/** Measured on the same rows, so that the difference has an interval; without one it may be chance. */
function comparisonTable(plan: Plan, comparison: readonly MetricComparison[]): ViewBlock {
  const rows = comparison.map(({ name, champion, challenger, interval, n }) => [
    name,
    number(champion),
    number(challenger),
    signed(challenger - champion),
    interval === null ? "too few to tell" : `${signed(interval[0])} to ${signed(interval[1])}`,
    String(n),
  ]);
  const columns = [
    "metric",
    plan.from ?? "now",
    plan.to ?? "new version",
    "difference",
    "95 % of differences",
    "n",
  ];
  return { kind: "table", columns, rows };
}

function number(value: number | null): string {
  return value === null ? "–" : String(Number(value.toPrecision(4)));
}

function signed(value: number): string {
  return value > 0 ? `+${number(value)}` : number(value);
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

/** "Approve" and "Deny", bound to the plan as it is shown. */
export function voiceActions(rollout: Rollout, risk: "low" | "high"): readonly ViewAction[] {
  const { id, plan, planHash } = rollout;
  return [
    {
      label: "Approve",
      command: `approve ${id} --plan ${planHash.slice(0, shownHash)}`,
      style: "primary",
      ...(risk === "high"
        ? { ask: nameQuestion(plan.model) }
        : { confirm: truncate(`Approve: ${planTitle(plan)}?`, 200) }),
    },
    { label: "Deny", command: `deny ${id}`, style: "danger", confirm: `Deny rollout ${id}?` },
  ];
}

function actionsOf({ rollout, risk }: RolloutFacts): ViewAction[] {
  const { id, state } = rollout;
  const audit: ViewAction = { label: "Audit", command: `audit --subject rollout:${id}`, style: "plain" };
  const cancel: ViewAction = {
    label: "Cancel",
    command: `cancel ${id}`,
    style: "plain",
    confirm: `Cancel rollout ${id}?`,
  };
  switch (state) {
    case "pending":
      return [...voiceActions(rollout, risk ?? "low"), cancel];
    case "approved":
    case "starting":
      return [cancel];
    case "running":
      return [...(rollout.progress.hold === null ? [] : holdActions(rollout, rollout.progress.hold)), cancel];
    case "cancelling":
      return [];
    case "unknown":
      return [settle(id, "succeeded", "It was carried out"), settle(id, "failed", "It was not"), audit];
    case "succeeded": {
      const bake = shownBake(rollout);
      return [...(bake === null ? [] : bakeActions(rollout, bake)), ...undo(rollout), audit];
    }
    case "failed":
    case "cancelled":
    case "expired":
      return [...retry(rollout), audit];
    default:
      return [audit];
  }
}

/** The same asked for anew: planned, decided and approved as if for the first time. */
function retry({ plan }: Rollout): ViewAction[] {
  const { kind, model, environment, to, manifest } = plan;
  // What a retrain was made from does not fit on a button.
  if (manifest !== undefined) return [];
  const command = [kind, model, ...(to === null ? [] : [to]), `--environment ${environment}`].join(" ");
  if (command.length > maxCommand) return [];
  return [
    { label: "Retry", command, style: "plain", confirm: truncate(`Ask again: ${planTitle(plan)}?`, 200) },
  ];
}

function settle(id: number, as: "succeeded" | "failed", label: string): ViewAction {
  const confirm = `Record that rollout ${id} ${as === "succeeded" ? "was" : "was not"} carried out?`;
  return { label, command: `cancel ${id} --as ${as}`, style: "plain", confirm };
}

function undo(rollout: Rollout): ViewAction[] {
  const { inverse } = rollout.plan;
  if (inverse === null || inverse.length > maxCommand) return [];
  const label = rollout.plan.kind === "deploy" ? "Roll back" : "Deploy again";
  return [{ label, command: inverse, style: "danger", confirm: `Ask for: /${inverse}?` }];
}

function footerOf(rollout: Rollout): string {
  const parts: Span[] = [
    plain(`rollout ${rollout.id}`),
    plain(`plan ${rollout.planHash.slice(0, shownHash)}`),
    ...(rollout.auditSeq === null ? [] : [plain(`audit entry ${rollout.auditSeq}`)]),
  ];
  return parts.map((part) => part.text).join(" · ");
}
