/**
 * A registry tells of every move of a pointer, also of those that the bot made itself. One that a rollout of ours made,
 * or that was found before, is no second suspect beside it.
 */
import type { Change, PointerMove } from "../domain/change.ts";
import type { Rollout } from "../domain/rollout.ts";
import { outsideChangeId } from "../domain/serving/change.ts";
import type { ModelEntry, StoreSlices } from "../ports.ts";

/** Clocks of the bot and the registry may differ by this, ms; and so long after a rollout its event may be dated. */
const slackMs = 120_000;
/** Newest rollouts and records of a target that are looked through. */
const maxLooked = 50;

export interface KnownMoves {
  /** Leaves out what is known; a move that is news gets the id that a look would give it. */
  news(changes: readonly Change[]): Promise<readonly Change[]>;
  /** The same again where they are stored: a look may have found one of them meanwhile, and none does before this ends. */
  newsIn(tx: KnownFrom, changes: readonly Change[]): Promise<readonly Change[]>;
}

type KnownFrom = Pick<StoreSlices, "rollouts" | "serving">;

export function createKnownMoves(options: {
  readonly store: KnownFrom;
  readonly models: readonly ModelEntry[];
}): KnownMoves {
  const { store, models } = options;

  async function newsFrom(from: KnownFrom, changes: readonly Change[]): Promise<readonly Change[]> {
    const news: Change[] = [];
    for (const change of changes) {
      const target = change.pointer === undefined ? null : targetOf(change.pointer);
      if (target === null || change.pointer === undefined) {
        news.push(change);
        continue;
      }
      const { version } = change.pointer;
      if (await isKnown(from, { ...target, version }, change.at)) continue;
      news.push({ ...change, id: outsideChangeId({ ...target, version, since: change.at }) });
    }
    return news;
  }

  /** The model and environment in which a pointer decides what serves. */
  function targetOf({ registry, name, alias }: PointerMove): Target | null {
    for (const { name: model, environments, backend } of models) {
      for (const environment of environments) {
        const own = backend.pointer?.(model, environment) ?? null;
        if (own?.registry === registry && own.name === name && own.alias === alias)
          return { model, environment };
      }
    }
    return null;
  }

  async function isKnown(
    { rollouts: known, serving }: KnownFrom,
    { version, ...target }: Target & { readonly version: string | null },
    at: Date,
  ): Promise<boolean> {
    const rollouts = await known.list({ ...target, limit: maxLooked });
    const isOurs = ({ plan }: Rollout) => plan.kind !== "retrain" && plan.to === version;
    if (rollouts.some((rollout) => isOurs(rollout) && isDuring(rollout, at))) return true;
    for (const part of ["serving", "registry"] as const) {
      const records = await serving.list({ ...target, part, limit: maxLooked });
      const isFound = records.some(
        (record) =>
          record.cause === "outside" &&
          record.version === version &&
          at.getTime() >= (record.after ?? record.since).getTime() - slackMs &&
          at.getTime() <= record.since.getTime() + slackMs,
      );
      if (isFound) return true;
    }
    return false;
  }

  return {
    news: async (changes) => await newsFrom(store, changes),
    newsIn: async (tx, changes) => {
      const isMove = ({ pointer }: Change) => pointer !== undefined && targetOf(pointer) !== null;
      if (!changes.some(isMove)) return changes;
      await tx.serving.alone();
      return await newsFrom(tx, changes);
    },
  };
}

interface Target {
  readonly model: string;
  readonly environment: string;
}

function isDuring({ startedAt, finishedAt }: Rollout, at: Date): boolean {
  if (startedAt === null || at.getTime() < startedAt.getTime() - slackMs) return false;
  return finishedAt === null || at.getTime() <= finishedAt.getTime() + slackMs;
}
