/** One alias of a registered model: where it points, how it came there, and who may have moved it. */
import { oneLine } from "../../../domain/view.ts";
import { NotStartedError } from "../../../ports/model.ts";
import {
  type AliasRecord,
  parseRecords,
  recordOfLive,
  recordTag,
  withRecord,
  writeRecords,
} from "./record.ts";
import type { Registry } from "./registry.ts";
import { type MlflowSettings, previousAliasOf } from "./settings.ts";

/** Where a model is, and the alias that serves in one environment. */
export interface Place {
  readonly settings: MlflowSettings;
  readonly registry: Registry;
  readonly name: string;
  readonly alias: string;
  /** For messages: "the alias champion of fraud-scorer". */
  readonly title: string;
}

/** What is read before anything is decided: one request, so that both are of the same moment. */
export interface Look {
  readonly live: string | null;
  readonly previous: string | null;
  readonly records: readonly AliasRecord[];
}

/** @throws HttpMishapError; Error when the record was edited. */
export async function look({ registry, name, alias }: Place): Promise<Look> {
  const { aliases, tags } = await registry.model(name);
  return {
    live: aliases.get(alias) ?? null,
    previous: aliases.get(previousAliasOf(alias)) ?? null,
    records: parseRecords(tags.get(recordTag(alias)), `${recordTag(alias)} of ${name}`),
  };
}

/** Writes one record among the others. */
export async function saveRecord(
  { registry, name, alias }: Place,
  records: readonly AliasRecord[],
  record: AliasRecord,
): Promise<void> {
  await registry.setTag(name, recordTag(alias), writeRecords(withRecord(records, record)));
}

/** Whether the alias was touched for it: it is over, or the alias is not where it was before. */
export function hasBegun(record: AliasRecord, live: string | null): boolean {
  return record.state !== "asked" || live !== record.from;
}

/** @throws NotStartedError when someone moved the alias since the plan was made. */
export function expectStillAt(place: Place, seen: Look, from: string | null): void {
  if (seen.live === from) return;
  throw new NotStartedError(
    `${place.title} points to ${seen.live ?? "nothing"}, and to ${from ?? "nothing"} when it was planned: ${whoMoved(seen)}; look there, then ask again`,
  );
}

/** @throws NotStartedError when the tag tells of an operation under a newer lock: whoever asks lost the target since. */
export function expectNoneNewer(place: Place, seen: Look, fence: number): void {
  const newer = seen.records.find((record) => record.fence > fence);
  if (newer === undefined) return;
  throw new NotStartedError(
    `${place.title} was taken by ${newer.operationId} since (fence ${newer.fence}, this has ${fence}): this bot no longer holds the target`,
  );
}

/** Why an alias is not where the operation put it. */
export function notThere(place: Place, seen: Look, record: AliasRecord): string {
  const where = seen.live === record.from ? "still points" : "points";
  return `${place.title} ${where} to ${seen.live ?? "nothing"} instead of ${record.to}: ${whoMoved(seen)}`;
}

/** MLflow does not say who moved an alias; that it was not the bot can be told. */
function whoMoved(seen: Look): string {
  const last = seen.records.filter((record) => record.state === "set").at(-1);
  if (last === undefined) return "the bot never moved it, and MLflow does not record who does";
  const ours = `version ${last.to} at ${last.at.toISOString()} for ${oneLine(last.by, 80)}`;
  if (last.to === seen.live) return `the bot last pointed it to ${ours}`;
  return `the bot last pointed it to ${ours}, so someone moved it outside the bot; MLflow does not record who`;
}

/** For the plan: that someone else moved the alias last. */
export function driftNotes(place: Place, seen: Look): string[] {
  if (seen.records.length === 0 || recordOfLive(seen.records, seen.live) !== null) return [];
  return [`${place.title} points to ${seen.live ?? "nothing"}: ${whoMoved(seen)}`];
}

/** @throws Error when one alias would serve in two places: each would take the other's rollouts for tampering. */
export function checkAliases(
  models: readonly { readonly name: string; readonly environments: readonly string[] }[],
  placeOf: (model: string, environment: string) => Place,
): void {
  const taken = new Map<string, string>();
  for (const { name, environments } of models) {
    for (const environment of environments) {
      const place = placeOf(name, environment);
      const where = `${name} in ${environment}`;
      for (const alias of [place.alias, previousAliasOf(place.alias)]) {
        const key = JSON.stringify([place.settings.url, place.name, alias]);
        const other = taken.get(key);
        if (other !== undefined)
          throw new Error(
            `models.${name}.settings.aliases: the alias ${alias} of ${place.name} is already that of ${other}; give ${where} one of its own`,
          );
        taken.set(key, where);
      }
    }
  }
}
