/** Buttons on the card of a rollout. */

import { nameQuestion } from "../approval/confirmation.ts";
import { bakeActions, holdActions, shownBake } from "../bake/view.ts";
import type { Rollout } from "../rollout.ts";
import { truncate, type ViewAction } from "../view.ts";
import type { RolloutFacts } from "./facts.ts";
import { type Plan, planTitle } from "./plan.ts";

/** Characters of the plan's hash that an approval button carries; enough to tell any two plans apart. */
export const shownHash = 12;
/** A button's command line is at most this long. */
const maxCommand = 100;

/** "Approve" and "Deny", bound to the plan as it is shown. */
export function voiceActions(rollout: Rollout, risk: "low" | "high"): readonly ViewAction[] {
  const { id, plan, planHash } = rollout;
  return [
    {
      label: "Approve",
      command: `approve ${id} --plan ${planHash.slice(0, shownHash)}`,
      style: "primary",
      ...meant(plan, risk, `Approve: ${planTitle(plan)}?`),
    },
    { label: "Deny", command: `deny ${id}`, style: "danger", confirm: `Deny rollout ${id}?` },
  ];
}

/** What keeps a slip from doing anything: for a model of high risk its name, for others a question. */
function meant({ model }: Plan, risk: "low" | "high", question: string): Pick<ViewAction, "ask" | "confirm"> {
  return risk === "high" ? { ask: nameQuestion(model) } : { confirm: truncate(question, 200) };
}

/** What may be pressed on the card as it stands. */
export function rolloutActions({ rollout, risk = "low" }: RolloutFacts): ViewAction[] {
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
      return [...voiceActions(rollout, risk), cancel];
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
      return [...(bake === null ? [] : bakeActions(rollout, bake)), ...undo(rollout, risk), audit];
    }
    case "failed":
    case "cancelled":
    case "expired":
      return [...retry(rollout, risk), audit];
    default:
      return [audit];
  }
}

/** The same asked for anew: planned, decided and approved as if for the first time. */
function retry({ id, plan }: Rollout, risk: "low" | "high"): ViewAction[] {
  const { kind, model, environment, to, manifest } = plan;
  // What a retrain was made from does not fit on a button; the rollout knows it.
  const from = manifest === undefined ? [] : [`--rerun ${id}`];
  const words = [kind, model, ...(to === null ? [] : [to]), `--environment ${environment}`, ...from];
  const command = words.join(" ");
  if (command.length > maxCommand) return [];
  return [
    { label: "Retry", command, style: "plain", ...meant(plan, risk, `Ask again: ${planTitle(plan)}?`) },
  ];
}

function settle(id: number, as: "succeeded" | "failed", label: string): ViewAction {
  const confirm = `Record that rollout ${id} ${as === "succeeded" ? "was" : "was not"} carried out?`;
  return { label, command: `cancel ${id} --as ${as}`, style: "plain", confirm };
}

function undo({ plan }: Rollout, risk: "low" | "high"): ViewAction[] {
  const { inverse } = plan;
  if (inverse === null || inverse.length > maxCommand) return [];
  const label = plan.kind === "deploy" ? "Roll back" : "Deploy again";
  return [{ label, command: inverse, style: "danger", ...meant(plan, risk, `Ask for: /${inverse}?`) }];
}
