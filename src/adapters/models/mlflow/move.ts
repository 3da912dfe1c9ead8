/** A move of an alias: recorded before it is made, compared, and believed only when it is read back. */
import { HttpMishapError } from "../../../ports/http-client.ts";
import { NotStartedError, type Observed, type Operation } from "../../../ports/model.ts";
import type { Clock } from "../../../ports/observability.ts";
import {
  expectNoneNewer,
  expectStillAt,
  hasBegun,
  type Look,
  look,
  notThere,
  type Place,
  saveRecord,
} from "./alias.ts";
import { versionPage } from "./pages.ts";
import { type AliasRecord, recordTag } from "./record.ts";
import { previousAliasOf } from "./settings.ts";
import { unfitness } from "./versions.ts";

/** @throws NotStartedError when the alias certainly was not moved; HttpMishapError when that is not known. */
export async function beginMove(
  place: Place,
  operation: Operation & { readonly to: string },
  clock: Clock,
): Promise<void> {
  const { registry, name, alias } = place;
  const { operationId, from, to, requestedBy: by, fence } = operation;
  const before = await look(place);
  const known = before.records.find((record) => record.operationId === operationId);
  if (known !== undefined && hasBegun(known, before.live)) return;
  await checkVersion(place, to);
  const record: AliasRecord = { operationId, to, from, at: clock.now(), by, state: "asked", fence };
  expectNoneNewer(place, before, fence);
  expectStillAt(place, before, from);
  await saveRecord(place, before.records, record);
  // Writing took time: the last look is as near to the move as it can be.
  const last = await look(place);
  expectNoneNewer(place, last, fence);
  expectStillAt(place, last, from);
  await registry.setAlias(name, alias, to);
}

async function checkVersion(place: Place, to: string): Promise<void> {
  const version = await place.registry.version(place.name, to);
  if (version === null) throw new NotStartedError(`mlflow has no version ${to} of ${place.name}`);
  const unfit = unfitness(version, place.name, place.settings.validation);
  if (unfit !== null) throw new NotStartedError(`${unfit.problem} ${unfit.remedy}`);
}

/** What became of it; a move that was seen to be done is recorded as that. */
export async function observeMove(place: Place, operationId: string, clock: Clock): Promise<Observed> {
  const seen = await look(place);
  const record = seen.records.find((other) => other.operationId === operationId);
  if (record === undefined) {
    const problem = `the tag ${recordTag(place.alias)} of ${place.name} no longer tells of this operation`;
    return { kind: "lost", problem, logTail: "" };
  }
  const isLast = seen.records.at(-1) === record;
  if (record.state === "lost" || (isLast && seen.live !== record.to)) {
    if (record.state === "asked") await saveRecord(place, seen.records, { ...record, state: "lost" });
    return { kind: "failed", problem: notThere(place, seen, record), logTail: "" };
  }
  return record.state === "set"
    ? succeeded(place, record, null)
    : await settle(place, { seen, record }, clock);
}

/** The alias points there: keeps what served before, records it as done, and believes it only when it is read back. */
async function settle(
  place: Place,
  { seen, record }: { readonly seen: Look; readonly record: AliasRecord },
  clock: Clock,
): Promise<Observed> {
  const problem = await keepPrevious(place, seen, record);
  const done: AliasRecord = { ...record, state: "set", at: clock.now() };
  await saveRecord(place, seen.records, done);
  const after = await look(place);
  if (after.live !== record.to)
    return { kind: "failed", problem: notThere(place, after, record), logTail: "" };
  return succeeded(place, record, problem);
}

/** @returns why the alias for what served before could not be set, or null. The deploy stands without it. */
async function keepPrevious(place: Place, seen: Look, { from }: AliasRecord): Promise<string | null> {
  if (from === null || seen.previous === from) return null;
  try {
    await place.registry.setAlias(place.name, previousAliasOf(place.alias), from);
    return null;
  } catch (error) {
    const isRefused = error instanceof HttpMishapError && ["refused", "absent"].includes(error.mishap);
    if (!isRefused) throw error;
    return error.message;
  }
}

function succeeded(place: Place, record: AliasRecord, problem: string | null): Observed {
  const without = problem === null ? "" : `; ${previousAliasOf(place.alias)} could not be set: ${problem}`;
  const result = `${place.title} points to version ${record.to}${without}`;
  const url = versionPage(place.settings, place.name, record.to);
  return { kind: "succeeded", result, newVersion: null, metrics: {}, logTail: "", url };
}
