import { healthOf, type ModelHealth } from "../domain/digest/model-health.ts";
import { type DigestFacts, withAdvice } from "../domain/digest.ts";
import type { Senders } from "../domain/noise/sender.ts";
import type { ModelEntry } from "../ports/command.ts";
import type { StoreSlices } from "../ports/store.ts";

/** Firing alerts that are looked through for those that concern a model. */
const maxFiring = 5_000;
/** Nothing starts that late: of what is remembered since then only what fires is left. */
const never = new Date("9999-01-01T00:00:00Z");

/** All that a digest of this window tells, out of the bot's own records; no backend is asked. */
export async function gatherDigest(
  { from, to }: { readonly from: Date; readonly to: Date },
  store: Pick<StoreSlices, "digests" | "incidents" | "noise" | "rollouts" | "serving">,
  { models, senders }: { readonly models: readonly ModelEntry[]; readonly senders: Senders },
): Promise<DigestFacts> {
  const facts = await store.digests.facts(from, to);
  const noise = await store.noise.facts(from, to, senders);
  return withAdvice({ ...facts, models: await healthOfAll(store, models) }, noise);
}

async function healthOfAll(
  store: Pick<StoreSlices, "incidents" | "rollouts" | "serving">,
  models: readonly ModelEntry[],
): Promise<readonly ModelHealth[]> {
  if (models.length === 0) return [];
  const remembered = await store.incidents.remembered(never, maxFiring);
  const firing = remembered.filter(({ mutedBy }) => mutedBy === null).map(({ alert }) => alert);
  const records = (await store.serving.current()).filter(({ part }) => part === "serving");
  const found: ModelHealth[] = [];
  for (const { name: model, environments, alerts } of models) {
    for (const environment of environments) {
      const record = records.find((one) => one.model === model && one.environment === environment) ?? null;
      const rolloutId = record?.rolloutId ?? null;
      const rollout = rolloutId === null ? null : await store.rollouts.find(rolloutId);
      const place = { model, environment, environments, alerts };
      found.push(healthOf(place, record, rollout?.bake ?? null, firing));
    }
  }
  return found;
}
