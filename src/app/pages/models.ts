/** The pages of models: what serves where, and one model with its versions and its history. */
import { bakeWord, shownBake } from "../../domain/bake/view.ts";
import { targetOf } from "../../domain/rollout/plan.ts";
import { lockText } from "../../domain/rollout/standing.ts";
import {
  type Cell,
  cell,
  onPage,
  type PageBlock,
  toModel,
  toPage,
  toRollout,
} from "../../domain/view/page.ts";
import { oneLine, textOf, type View } from "../../domain/view.ts";
import type { ModelEntry } from "../../ports.ts";
import { type MakePage, missing, type PageContext, refusedBy, shown } from "./context.ts";

/** Rollouts whose bake is looked at. */
const maxBakes = 100;

export const modelsPage: MakePage = async (context) => {
  const found = await context.look("models", "");
  if (found.kind === "refused") return refusedBy(found.view, found.isDenied);
  return shown({
    title: "Models",
    lead: "What serves where, since when, and what holds it.",
    filters: [],
    blocks: [
      ...onPage(found.view.blocks, "What serves where"),
      ...(await standingOf(context.models, context)),
    ],
    next: null,
  });
};

export const modelPage: MakePage = async (context, name) => {
  const entry = context.models.find((model) => model.name === name);
  if (entry === undefined)
    return missing(
      `There is no model "${oneLine(name, 80)}".`,
      `Models are: ${context.models.map((model) => model.name).join(", ") || "none is configured"}.`,
    );
  const [found, history] = await Promise.all([
    context.look("models", name),
    context.look("models", `history ${name}`),
  ]);
  if (found.kind === "refused" && found.isDenied) return refusedBy(found.view, true);
  return shown({
    title: entry.name,
    lead: oneLine(found.view.summary, 300),
    filters: [],
    blocks: [
      // One backend that is away must not hide what the bot itself knows.
      found.kind === "shown"
        ? { kind: "view", view: versionsView(found.view), subject: null }
        : { kind: "view", view: found.view, subject: null },
      ...(await standingOf([entry], context)),
      { kind: "heading", text: "History" },
      ...onPage(history.view.blocks, `History of ${entry.name}`),
      {
        kind: "text",
        text: [toPage("All rollouts of this model", `/rollouts?model=${encodeURIComponent(entry.name)}`)],
      },
    ],
    next: null,
  });
};

/** What /models answers; the history that it offers stands below. */
function versionsView(view: View): View {
  const actions = view.actions.filter(({ command }) => !command.startsWith("models history"));
  return { ...view, title: "Versions", actions };
}

/** Locks and bakes of models, one row for each place. */
async function standingOf(
  models: readonly ModelEntry[],
  { store, nameOf }: PageContext,
): Promise<readonly PageBlock[]> {
  const [locks, baking] = await Promise.all([
    store.rollouts.locks(),
    store.rollouts.list({ bake: "open", limit: maxBakes }),
  ]);
  const rows = models.flatMap((entry) =>
    entry.environments.map((environment): readonly Cell[] => {
      const target = targetOf({ model: entry.name, environment });
      const lock = locks.find((each) => each.target === target) ?? null;
      const bakes = baking.filter(({ plan }) => targetOf(plan) === target);
      return [
        cell(toModel(entry.name)),
        cell(environment),
        cell(oneLine(textOf(lockText(lock, nameOf)), 200)),
        {
          text: bakes.flatMap((rollout) => {
            const bake = shownBake(rollout);
            return bake === null ? [] : [toRollout(rollout.id, `rollout ${rollout.id}: ${bakeWord(bake)}`)];
          }),
        },
        cell(entry.risk),
        cell(entry.owners.map(nameOf).join(", ")),
      ];
    }),
  );
  return [
    { kind: "heading", text: "Locks and bakes" },
    {
      kind: "records",
      label: "Locks and bakes",
      columns: ["model", "environment", "lock", "bake", "risk", "owners"],
      rows,
      empty: "No models are configured.",
    },
  ];
}
