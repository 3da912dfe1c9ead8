/** What comes of the passing of time: alerts that time out, mutes that end, lines that are due, reminders, figures. */
import { isOverdue } from "../../domain/incident/thread-news.ts";
import { muteCauses } from "../../domain/suppression/mute.ts";
import type { MuteSettings } from "../../domain/suppression.ts";
import type { Metrics } from "../../ports.ts";
import { passTime, placeAfterTime } from "../pass-time.ts";
import { dueReminders, shippedReminders, wantReminders } from "../silence-reminders.ts";
import { commit } from "./commit.ts";
import { forget, leftOutOf, memoryMs, sizesOf } from "./forget.ts";
import type { Leadership } from "./leadership.ts";
import type { TriageMemory } from "./memory.ts";
import type { TriageOptions } from "./options.ts";
import { recallPlaced } from "./recall.ts";
import { readSettings } from "./settings.ts";
import { forgetExplained } from "./want-posts.ts";

const tickMs = 1_000;
const remindMs = 30_000;

/** Looks at the clock, once in a while. */
export async function tick(options: TriageOptions, leader: Leadership): Promise<void> {
  const now = options.clock.now();
  if (now.getTime() - leader.tickedAt < tickMs) return;
  leader.tickedAt = now.getTime();
  const settings = await readSettings(options);
  const { memory } = leader;
  const at = leader.behindAt ?? now;
  const ended = passTime(memory, { now: at, timeoutMs: options.timeoutMs });
  await recallPlaced(options.store, memory, ended);
  const movement = placeAfterTime(memory, ended, { settings, now: at });
  const overdue = heldBack(leader, now);
  for (const id of overdue) {
    movement.touched.add(id);
    movement.owed.add(id);
  }
  if (movement.alerts.size + overdue.length > 0)
    await commit(options, leader, { movement, cursor: leader.lease.cursor, now });
  // What could not be told now, because its alerts are no longer in memory, never can.
  for (const id of heldBack(leader, now)) {
    leader.news.delete(id);
    leader.heldLines.delete(id);
  }
  await remind(options, leader, { settings, now });
  for (const id of forget(memory, new Date(now.getTime() - memoryMs))) leader.routed.delete(id);
  for (const lines of [leader.news, leader.heldLines])
    for (const id of lines.keys()) if (!memory.incidents.has(id)) lines.delete(id);
  forgetExplained(leader, now);
  measure(options.metrics, memory);
  leader.tellLeftOut({ ...memory.correlator.leftOut(), ...leftOutOf(memory) });
}

/** Incidents whose threads have something to be told that was held back. */
function heldBack({ news }: Pick<Leadership, "news">, now: Date): readonly number[] {
  return [...news].flatMap(([id, held]) => (isOverdue(held, now) ? [id] : []));
}

/** Reminders of silences, now and then. */
async function remind(
  options: TriageOptions,
  leader: Leadership,
  { settings, now }: { readonly settings: MuteSettings; readonly now: Date },
): Promise<void> {
  if (now.getTime() - leader.remindedAt < remindMs || settings.silences.length === 0) return;
  leader.remindedAt = now.getTime();
  const rule = options.reminders ?? shippedReminders;
  const firing = [...leader.memory.firing].flatMap((key) => leader.memory.alerts.get(key) ?? []);
  const { due, matched } = dueReminders(settings.silences, firing, now, rule);
  const wanted = due.filter(({ kind, silence }) => !leader.reminded.has(`${kind} ${silence.id}`));
  if (wanted.length + matched.length === 0) return;
  await options.store.transaction(async (tx) => {
    await tx.incidents.markMatched(matched, now);
    await wantReminders(tx, wanted, now);
  });
  for (const { kind, silence } of wanted) leader.reminded.add(`${kind} ${silence.id}`);
}

function measure(metrics: Metrics, memory: TriageMemory): void {
  metrics.gauge("tocsin_open_incidents", memory.open.size);
  const muted = new Map<string, number>();
  for (const key of memory.firing) {
    const by = memory.alerts.get(key)?.mutedBy?.by;
    if (by !== undefined) muted.set(by, (muted.get(by) ?? 0) + 1);
  }
  for (const by of muteCauses) metrics.gauge("tocsin_muted_alerts", muted.get(by) ?? 0, { by });
  metrics.gauge("tocsin_flapping_alerts", memory.held.size);
  for (const [part, size] of Object.entries(memory.correlator.sizes()))
    metrics.gauge("tocsin_correlator_size", size, { part });
  for (const [part, size] of Object.entries(sizesOf(memory)))
    metrics.gauge("tocsin_triage_size", size, { part });
}
