/**
 * Scheduled reports. A timer only wakes this up: which slot is due follows from the schedule and the clock, and one
 * row in the database per slot and channel decides which replica sends it. So a slot is sent once, and one that
 * passed while the bot was down is caught up.
 */

import { digestDetailView } from "../domain/digest/detail-view.ts";
import { type CronFields, type DigestSchedule, isTimezone, previousSlot } from "../domain/digest/schedule.ts";
import { isQuiet } from "../domain/digest/view.ts";
import { beginOnRequest, type DigestFacts } from "../domain/digest.ts";
import type { Senders } from "../domain/noise/sender.ts";
import {
  type Channel,
  type Clock,
  type Cron,
  channelName,
  type DigestRun,
  type Log,
  type ModelEntry,
  parseChannel,
  type Store,
  type StoreSlices,
} from "../ports.ts";
import { gatherDigest } from "../queries/digest-facts.ts";
import type { OnCall } from "./on-call.ts";

export interface DigestOptions {
  readonly store: Store;
  readonly cron: Cron;
  readonly schedules: readonly DigestSchedule[];
  readonly onCall: OnCall;
  readonly models: readonly ModelEntry[];
  readonly senders: Senders;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Digests {
  /** Catches up what was missed, then waits for the schedules. */
  start(): Promise<void>;
  stop(): void;
  /** The job: gathers the numbers of a claimed run and asks for its post. Running it twice changes nothing. */
  run(digestRunId: number): Promise<void>;
}

interface Due extends DigestSchedule {
  readonly fields: CronFields;
}

/** Name under which `/digest now` claims its runs. */
export const onRequest = "now";
const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * @throws Error naming the schedule, the value and the remedy when a cron expression or a time zone is not one.
 */
export function createDigest(options: DigestOptions): Digests {
  const { store, cron, clock, log } = options;
  const schedules = options.schedules.map((schedule) => checked(schedule, cron));
  const stops: (() => void)[] = [];
  let startedAt = clock.now();
  /** Slots seen to by this replica, so that a minute without news costs no query. */
  const handled = new Map<string, number>();

  async function start(): Promise<void> {
    startedAt = clock.now();
    await claimDue();
    const wake = () =>
      void claimDue().catch((error: unknown) => {
        log.error({ error: String(error) }, "digest: could not claim a slot; trying again within a minute");
      });
    for (const { cron: expression, timezone } of schedules)
      stops.push(cron.schedule(expression, timezone, wake));
    // Slots that no timer fires for: those in a skipped hour, and those that failed a minute ago.
    if (schedules.length > 0) stops.push(cron.schedule("* * * * *", "UTC", wake));
  }

  function stop(): void {
    for (const end of stops.splice(0)) end();
  }

  async function claimDue(): Promise<void> {
    const now = clock.now();
    for (const schedule of schedules) {
      const slot = previousSlot(schedule.fields, schedule.timezone, now);
      if (slot === null) continue;
      for (const channel of schedule.to) await claimSlot(schedule, channel, slot);
    }
  }

  async function claimSlot(schedule: Due, channel: string, slot: Date): Promise<void> {
    const name = `${schedule.name} ${channel}`;
    if ((handled.get(name) ?? 0) >= slot.getTime()) return;
    await store.transaction(async (tx) => {
      const last = await tx.digests.lastSlot(schedule.name, channel);
      // A schedule that never ran has missed nothing: it begins with the first slot that this process lives to see.
      if (last === null ? slot < startedAt : slot <= last) return;
      const from = last ?? slotBefore(schedule, slot);
      await claim(tx, { name: schedule.name, slot, from, to: slot, channel }, clock.now());
    });
    handled.set(name, slot.getTime());
  }

  async function gather(run: DigestRun, schedule: DigestSchedule | undefined): Promise<DigestFacts> {
    const facts = await gatherDigest(run, store, options);
    const zoned = schedule === undefined ? facts : { ...facts, timezone: schedule.timezone };
    const rota = schedule?.handover ?? null;
    if (rota === null) return zoned;
    // At the moment of the hand-over itself the next turn has begun.
    const from = await personAt(rota, new Date(run.to.getTime() - 1));
    const handover = { rota, from, to: await personAt(rota, run.to) };
    return { ...zoned, ...(await store.digests.handoverFacts(run.from, run.to)), handover };
  }

  async function personAt(rota: string, moment: Date): Promise<string | null> {
    const answer = (await options.onCall.at(moment, [rota])).get(rota);
    return answer?.kind === "turn" ? answer.person : null;
  }

  async function run(digestRunId: number): Promise<void> {
    const found = await store.digests.find(digestRunId);
    const channel = found === null ? null : parseChannel(found.channel);
    if (found === null || channel === null) {
      log.warn({ digestRunId, channel: found?.channel ?? null }, "digest: there is no such run or channel");
      return;
    }
    const schedule = options.schedules.find(({ name }) => name === found.name);
    const facts = found.facts ?? (await gather(found, schedule));
    await store.transaction(async (tx) => {
      if (found.facts === null) await tx.digests.saveFacts(digestRunId, facts);
      await wantPosts(tx, { id: digestRunId, facts, channel, now: clock.now() });
    });
  }

  return { start, stop, run };
}

function checked(schedule: DigestSchedule, cron: Cron): Due {
  const fields = cron.parse(schedule.cron);
  if (fields === null)
    throw new Error(
      `digests: "${schedule.name}" has the cron expression "${schedule.cron}"; expected five fields ` +
        `(minute hour day month weekday), for example "0 8 * * 1-5"`,
    );
  if (!isTimezone(schedule.timezone))
    throw new Error(
      `digests: "${schedule.name}" has the time zone "${schedule.timezone}"; expected an IANA name, for example "Europe/Berlin"`,
    );
  return { ...schedule, fields };
}

/** Start of the first window of a schedule. */
function slotBefore({ fields, timezone }: Due, slot: Date): Date {
  return (
    previousSlot(fields, timezone, new Date(slot.getTime() - minuteMs)) ?? new Date(slot.getTime() - dayMs)
  );
}

async function claim(
  tx: StoreSlices,
  run: Parameters<StoreSlices["digests"]["claim"]>[0],
  now: Date,
): Promise<number | null> {
  const id = await tx.digests.claim(run, now);
  if (id !== null) await tx.jobs.add({ task: "digest", digestRunId: id });
  return id;
}

/** The card, and in its thread what most readers skip. */
async function wantPosts(
  tx: StoreSlices,
  digest: { readonly id: number; readonly facts: DigestFacts; readonly channel: Channel; readonly now: Date },
): Promise<void> {
  const { id, facts, now } = digest;
  const { platform, id: channel } = digest.channel;
  const post = { platform, channel, subject: id, desiredRevision: 1 };
  const hasDetail = facts.handover === undefined && !isQuiet(facts) && digestDetailView(facts) !== null;
  await tx.posts.want(
    [
      { ...post, kind: "digest", threadOf: null },
      ...(hasDetail
        ? [{ ...post, kind: "digest_detail", threadOf: { kind: "digest", subject: id } } as const]
        : []),
    ],
    now,
  );
  await tx.jobs.add({ task: "post", platform, channel });
}

/** Requests of one millisecond that get a slot each; more than this many is no human. */
const maxSameMoment = 20;

/**
 * `/digest now`: a digest of what happened since the last one in that channel, or in the last day when there was none.
 * The digest itself is posted to the channel.
 * @throws Error when one channel asks for more than twenty in one millisecond.
 */
export async function requestDigest(
  tx: StoreSlices,
  request: { readonly channel: Channel; readonly now: Date },
): Promise<{ readonly runId: number }> {
  const { now } = request;
  const channel = channelName(request.channel);
  const last = await tx.digests.lastSlot(null, channel);
  const from = beginOnRequest(last, now);
  for (let later = 0; later < maxSameMoment; later += 1) {
    const slot = new Date(now.getTime() + later);
    const runId = await claim(tx, { name: onRequest, slot, from, to: now, channel }, now);
    if (runId !== null) return { runId };
  }
  throw new Error(`digest: ${channel} asked for more than ${maxSameMoment} digests at once; ask again`);
}
