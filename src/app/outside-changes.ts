/**
 * What someone changed without the bot: recorded once, audited, posted, and kept as a change that incidents may suspect.
 * A look finds it, or a webhook has told of it; what came and went between two looks only a webhook tells.
 */

import { outsideChanges, outsidePrefix } from "../domain/serving/change.ts";
import { movesTo } from "../domain/serving/told-moves.ts";
import { type ServingLook, type ServingPart, type ServingRecord, versionWord } from "../domain/serving.ts";
import { type Log, type ModelEntry, parseChannel, type StoreSlices } from "../ports.ts";
import { explainOpen } from "./effects.ts";

export interface Place {
  readonly entry: ModelEntry;
  readonly environment: string;
  readonly part: ServingPart;
}

export interface OutsideChanges {
  /** A look found another version than the newest record says. */
  found(tx: StoreSlices, place: Place, seen: Seen & Dated): Promise<void>;
  /**
   * A look found what the newest record says, but webhooks may have told of moves away and back again.
   * @returns the newest record then; the one given when nothing was told.
   */
  passedThrough(
    tx: StoreSlices,
    place: Place,
    seen: Seen & { readonly previous: ServingRecord },
  ): Promise<ServingRecord>;
}

interface Seen {
  /** The newest record of the place. */
  readonly previous: ServingRecord | null;
  readonly look: ServingLook;
  readonly now: Date;
}
interface Dated {
  /** When what was before was last seen; null when nobody looked. */
  readonly after: Date | null;
  readonly since: Date;
  readonly by: string | null;
}
/** One change to be recorded. */
interface Move extends Dated {
  readonly version: string | null;
  readonly previous: ServingRecord | null;
  readonly now: Date;
  /** A webhook has told of it: it is a change already. */
  readonly isTold: boolean;
}

/** Someone else has recorded the change, or moved the target: the next look sees what there is then. */
export class OvertakenError extends Error {
  override readonly name = "OvertakenError";
}

const maxChanges = 500;
/** A webhook that told of the change may be dated by another clock, ms. */
const slackMs = 120_000;
/** Moves that were told longer ago are not gone into any more, ms. */
const maxToldMs = 3_600_000;

export function createOutsideChanges(options: {
  /** Where changes outside are posted, "slack:C0123ABCD". */
  readonly channels: readonly string[];
  readonly log: Log;
}): OutsideChanges {
  const { log } = options;

  async function found(tx: StoreSlices, place: Place, seen: Seen & Dated): Promise<void> {
    const { look, now, by } = seen;
    const previous =
      seen.previous === null ? null : await passBy(tx, place, { ...seen, previous: seen.previous });
    const after = previous === seen.previous ? seen.after : (previous?.since ?? null);
    const told = await toldOf(tx, place, { version: look.version, after, now });
    const since = told ?? seen.since;
    await record(tx, place, {
      ...{ version: look.version, previous, after, since, now, by, isTold: told !== null },
    });
  }

  /** Records what was told of before the last move, which the look found itself. */
  async function passBy(tx: StoreSlices, place: Place, seen: Seen & { readonly previous: ServingRecord }) {
    const moves = await toldMoves(tx, place, seen);
    return await recordAll(tx, place, { ...seen, moves: moves.slice(0, -1) });
  }

  async function passedThrough(
    tx: StoreSlices,
    place: Place,
    seen: Seen & { readonly previous: ServingRecord },
  ): Promise<ServingRecord> {
    return await recordAll(tx, place, { ...seen, moves: await toldMoves(tx, place, seen) });
  }

  async function recordAll(
    tx: StoreSlices,
    place: Place,
    seen: Pick<Seen, "now"> & {
      readonly previous: ServingRecord;
      readonly moves: ReturnType<typeof movesTo>;
    },
  ): Promise<ServingRecord> {
    let { previous } = seen;
    for (const { version, at } of seen.moves) {
      const dated = { after: at, since: at, by: null };
      previous = await record(tx, place, { ...dated, version, previous, now: seen.now, isTold: true });
    }
    return previous;
  }

  async function toldMoves(
    tx: StoreSlices,
    { entry, part }: Place,
    { previous, look, now }: Seen & { readonly previous: ServingRecord },
  ) {
    // Webhooks tell of the registry's pointer. Where that is not what serves, they say nothing of what does.
    if (part === "serving" && entry.backend.pointed !== undefined) return [];
    const from = new Date(Math.max(previous.since.getTime(), now.getTime() - maxToldMs));
    const changes = await tx.incidents.changesBetween(from, now, maxChanges);
    return movesTo(look.version, changes, previous);
  }

  /** When a webhook has told of this very change already; null when none did. */
  async function toldOf(
    tx: StoreSlices,
    { entry, environment }: Place,
    move: { readonly version: string | null; readonly after: Date | null; readonly now: Date },
  ): Promise<Date | null> {
    const { version, after, now } = move;
    const from = new Date((after ?? now).getTime() - slackMs);
    const to = new Date(now.getTime() + slackMs);
    const changes = await tx.incidents.changesBetween(from, to, maxChanges);
    const prefix = outsidePrefix({ model: entry.name, environment, version });
    const known = changes.findLast(({ id }) => id.startsWith(prefix));
    if (known === undefined) return null;
    return known.at < now ? known.at : now;
  }

  async function record(tx: StoreSlices, place: Place, move: Move): Promise<ServingRecord> {
    const { entry, environment, part } = place;
    const { version, previous, after, since, now, by } = move;
    const auditSeq = await audit(tx, place, move);
    const added = await tx.serving.add({
      ...{ model: entry.name, environment, part, version, after, since, seenAt: now, by, auditSeq },
      ...{ cause: "outside", rolloutId: null, previousId: previous?.id ?? 0 },
    });
    if (added === null) throw new OvertakenError(`${nameOf(place)} was recorded by another replica`);
    await follow(tx, place, { ...move, added });
    return added;
  }

  async function audit(tx: StoreSlices, { entry, environment, part }: Place, move: Move): Promise<number> {
    const { previous, version, after, since, now, by } = move;
    const { seq } = await tx.audit.append({
      at: now,
      actor: "tocsin",
      action: "model.changed_outside",
      subject: `model:${entry.name}/${environment}`,
      outcome: "done",
      data: {
        part,
        before: previous?.version ?? null,
        after: version,
        by,
        notBefore: after?.toISOString() ?? null,
        since: since.toISOString(),
        backend: entry.backend.name,
      },
    });
    return seq;
  }

  async function follow(
    tx: StoreSlices,
    { entry }: Place,
    { added, previous, isTold, now }: Move & { readonly added: ServingRecord },
  ): Promise<void> {
    const before = previous?.version ?? null;
    // What a webhook told is one change with this; its service is what its source says.
    if (!isTold) await tx.incidents.saveChanges(outsideChanges(added, before, entry.services));
    await explainOpen(tx);
    const posts = options.channels.flatMap((name) => {
      const channel = parseChannel(name);
      if (channel === null) return [];
      const target = { platform: channel.platform, channel: channel.id };
      const kind = "changed_outside" as const;
      return [{ ...target, kind, subject: added.id, desiredRevision: 1, threadOf: null }];
    });
    await tx.posts.want(posts, now);
    for (const { platform, channel } of posts) await tx.jobs.add({ task: "post", platform, channel });
    log.warn(
      { model: added.model, environment: added.environment, part: added.part, auditSeq: added.auditSeq },
      `reconcile: changed outside the bot, from ${versionWord(before)} to ${versionWord(added.version)}`,
    );
  }

  return { found, passedThrough };
}

/** For logs. */
export function nameOf({ entry, environment, part }: Place): string {
  return `${entry.name}/${environment}${part === "registry" ? " (registry)" : ""}`;
}
