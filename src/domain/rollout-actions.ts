/** Buttons on the card of a rollout. */
import { bakeActions, holdActions, shownBake } from "./bake-view.ts";
import { nameQuestion } from "./confirmation.ts";
import { planTitle, type Rollout } from "./rollout.ts";
import type { RolloutFacts } from "./rollout-facts.ts";
import { truncate, type ViewAction } from "./view.ts";

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
      ...(risk === "high"
        ? { ask: nameQuestion(plan.model) }
        : { confirm: truncate(`Approve: ${planTitle(plan)}?`, 200) }),
    },
    { label: "Deny", command: `deny ${id}`, style: "danger", confirm: `Deny rollout ${id}?` },
  ];
}

/** What may be pressed on the card as it stands. */
export function rolloutActions({ rollout, risk }: RolloutFacts): ViewAction[] {
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
