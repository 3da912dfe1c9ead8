import type { Rollout } from "../domain/rollout.ts";
import { type ServingInterval, servingIntervals } from "../domain/serving/intervals.ts";
import { type ServingRecord, servedBy } from "../domain/serving.ts";
import type { ModelBackend } from "../ports/model.ts";
import type { RolloutStore } from "../ports/rollout.ts";
import type { ServingStore } from "../ports/serving.ts";

/** Records and rollouts that one history is made of, at most; more are told as `isCut`. */
const maxRead = 10_000;
/** So long after the last look a version is still taken to serve, ms. */
const freshMs = 15 * 60_000;

export interface ServingHistory {
  /** Oldest first. */
  readonly intervals: readonly ServingInterval[];
  /** Why the backend's own account is missing; null when it is not. */
  readonly backendProblem: string | null;
  /** There is more than was read: the oldest is missing. */
  readonly isCut: boolean;
}

/**
 * What served as a model in an environment, out of the bot's records and the backend's own history.
 * @param limitMs - how long the backend may take; its account is left out then.
 */
export async function readServing(
  place: { readonly model: string; readonly environment: string; readonly backend: ModelBackend },
  store: { readonly serving: ServingStore; readonly rollouts: Pick<RolloutStore, "list"> },
  { now, limitMs }: { readonly now: Date; readonly limitMs: number },
): Promise<ServingHistory> {
  const { model, environment, backend } = place;
  const target = { model, environment };
  const [records, rollouts, told] = await Promise.all([
    store.serving.list({ ...target, part: "serving", limit: maxRead }),
    store.rollouts.list({ ...target, states: ["succeeded"], limit: maxRead }),
    askBackend(place, limitMs),
  ]);
  const history = told.kind === "told" ? told.history : [];
  const live = told.kind === "told" ? told.live : undefined;
  const all = [...olderThan(records, rollouts), ...records];
  return {
    intervals: servingIntervals({ records: all, history, live, now, freshMs }),
    backendProblem: told.kind === "told" ? null : `${backend.name}: ${told.problem}`,
    isCut: records.length === maxRead || rollouts.length === maxRead,
  };
}

/** Rollouts from before the bot kept records, as records. */
function olderThan(
  records: readonly ServingRecord[],
  rollouts: readonly Rollout[],
): readonly ServingRecord[] {
  const known = new Set(records.map(({ rolloutId }) => rolloutId));
  return rollouts
    .filter(({ id, plan }) => plan.kind !== "retrain" && !known.has(id))
    .flatMap((rollout) => {
      const { finishedAt } = rollout;
      return finishedAt === null ? [] : [{ ...servedBy(rollout, null, finishedAt), id: 0 }];
    });
}

type Told =
  | {
      readonly kind: "told";
      readonly history: Awaited<ReturnType<ModelBackend["history"]>>;
      readonly live: string | null;
    }
  | { readonly kind: "away"; readonly problem: string };

async function askBackend(
  { model, environment, backend }: Parameters<typeof readServing>[0],
  limitMs: number,
): Promise<Told> {
  const asked = Promise.all([backend.history(model, environment), backend.live(model, environment)]);
  const told = asked.then(([history, { version }]): Told => ({ kind: "told", history, live: version }));
  return await answerWithin(told, limitMs).catch((error: unknown) => ({
    kind: "away",
    problem: error instanceof Error ? error.message : String(error),
  }));
}

/** The answer, or an error after `limitMs`: one backend that hangs must not keep the others from being shown. */
export async function answerWithin<Answer>(answer: Promise<Answer>, limitMs: number): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(limitMs / 1000)} s`)), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
