/** What follows from what people say of a grouping or a cause. */
import type { Effect, StoreSlices } from "../../ports.ts";
import type { EffectsContext } from "./context.ts";

/** The correlator, as a model of the bot's own. */
const correlator = { model: "correlator", environment: "production", alias: "champion" } as const;

/** Keeps what was said, with the version that it was said of. What is said of a cause counts in the ranking at once. */
export async function keepFeedback(
  tx: StoreSlices,
  { said, decidedAt, rulings }: Extract<Effect, { kind: "feedback" }>,
  context: EffectsContext,
): Promise<void> {
  const { model, environment, alias } = correlator;
  const history = await tx.rollouts.aliasHistory(model, environment, alias);
  const version = history.find(({ since }) => decidedAt !== null && since <= decidedAt)?.version ?? null;
  const data = { ...said.data, correlator: version };
  await tx.feedback.add({ ...said, data, person: context.actor, at: context.now }, rulings);
  if (rulings.length === 0) await tx.jobs.add({ task: "explain", incidentId: said.incidentId });
}
