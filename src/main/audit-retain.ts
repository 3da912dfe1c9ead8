/** `tocsin audit erase` and `tocsin audit prune`. */
import { checkpointBefore, eraseFields, pruneTo } from "../app/retention.ts";
import { counted } from "../domain/audit/verdict.ts";
import { type Person, stranger } from "../domain/people/person.ts";
import { systemClock } from "../ports.ts";
import { type Offline, withBot } from "./offline.ts";

interface Acting {
  readonly as: string;
  readonly reason: string;
}

export interface EraseOptions extends Acting {
  readonly person?: string;
  /** Numbers of entries, by commas. */
  readonly entries?: string;
}

/** Deletes what entries say of a person, and says what cannot be. */
export async function erase(options: EraseOptions): Promise<void> {
  if (options.person === undefined && options.entries === undefined)
    throw new Error("name whom or what to erase: --person ID, or --entries 12,13");
  const seqs = (options.entries ?? "").split(",").filter((text) => text !== "");
  const wrong = seqs.find((text) => !/^[1-9]\d{0,14}$/.test(text));
  if (wrong !== undefined)
    throw new Error(`--entries has "${wrong}"; expected numbers of entries, by commas`);
  await asOwner(async ({ store, config }) => {
    const names = options.person === undefined ? [] : namesOf(config.people, options.person);
    const what = { names, seqs: seqs.map(Number) };
    const done = await eraseFields(store, what, { ...actOf(config.people, options), now: systemClock.now() });
    const fields = counted(done.fields, "field");
    console.log(
      done.by === null
        ? "nothing to erase: no entry that is still kept holds anything of that"
        : `erased ${fields} in ${counted(done.entries, "entry", "entries")}; entry ${done.by} says so`,
    );
    if (done.unerasable > 0)
      console.log(
        `${counted(done.unerasable, "entry", "entries")} of format 1, written by an older release, cannot be erased; they go when they are pruned`,
      );
  });
}

export interface PruneOptions extends Acting {
  readonly before: string;
}

/** Removes entries up to the newest checkpoint from before a moment. */
export async function prune(options: PruneOptions): Promise<void> {
  const before = new Date(options.before);
  if (Number.isNaN(before.getTime()))
    throw new Error(`--before is "${options.before}"; expected a moment, for example 2026-05-01T00:00Z`);
  await asOwner(async ({ store, config }) => {
    const checkpoint = await checkpointBefore(store, before);
    if (checkpoint === null)
      throw new Error(`no checkpoint was signed before ${before.toISOString()}; nothing can be pruned`);
    const done = await pruneTo(store, checkpoint, {
      ...actOf(config.people, options),
      now: systemClock.now(),
    });
    if (done.kind === "refused") throw new Error(`nothing was pruned: ${done.problem}`);
    console.log(
      `pruned ${counted(done.entries, "entry", "entries")} up to the checkpoint at ${checkpoint.size}; entry ${done.by} says so`,
    );
  });
}

function actOf(people: readonly Person[], { as, reason }: Acting) {
  if (people.some(({ id }) => id === as)) return { actor: as, reason };
  throw new Error(`--as is "${as}"; expected one of: ${people.map(({ id }) => id).join(", ")}`);
}

/** Everything by which entries may know a person: the id, accounts, and accounts from before they were in tocsin.yaml. */
function namesOf(people: readonly Person[], id: string): readonly string[] {
  const known = people.find((person) => person.id === id);
  const accounts = Object.entries(known?.accounts ?? {});
  const before = accounts.map(([platform, account]) => stranger(platform, account, "").id);
  return [
    ...new Set([
      id,
      ...(known === undefined ? [] : [known.name]),
      ...accounts.map(([, account]) => account),
      ...before,
    ]),
  ];
}

/** On a server the bot's own role may only add to the log; these two need the owner's. */
async function asOwner(work: (offline: Offline) => Promise<void>): Promise<void> {
  try {
    await withBot(work, "owner");
  } catch (error) {
    if (!isDenied(error)) throw error;
    throw new Error(
      "the role of DATABASE_URL may only add to the audit log, as it should; set MIGRATION_DATABASE_URL to the owner's for this command",
      { cause: error },
    );
  }
}

function isDenied(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isOurs = "code" in error && error.code === "42501" && /permission denied/.test(error.message);
  return isOurs || isDenied(error.cause);
}
