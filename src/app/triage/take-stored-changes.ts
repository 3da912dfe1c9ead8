import { countLeftOut } from "../left-out.ts";
import { commit } from "./commit.ts";
import { moveAlerts } from "./commit-batch.ts";
import type { Leadership } from "./leadership.ts";
import type { TriageOptions } from "./options.ts";
import { readSettings } from "./settings.ts";

const lookMs = 1_000;
/** Alerts are live for a quarter of an hour, and heed changes of the quarter before. */
const heededMs = 1_800_000;
const maxChanges = 500;

/** Changes that others than triage stored: rollouts of our own, and what was found to have changed outside. */
export async function takeStoredChanges(options: TriageOptions, leader: Leadership): Promise<void> {
  const now = options.clock.now();
  if (Math.abs(now.getTime() - leader.changesReadAt) < lookMs) return;
  leader.changesReadAt = now.getTime();
  const from = new Date(now.getTime() - heededMs);
  const changes = await options.store.incidents.changesBetween(from, now, maxChanges);
  const news = changes.filter(({ id, at }) => leader.changesTaken.get(id) !== at.getTime());
  leader.changesTaken = new Map(changes.map(({ id, at }) => [id, at.getTime()]));
  if (news.length === 0) return;
  // Where none of so many is known, there may be older ones that nobody looked at.
  countLeftOut(options.metrics).note("stored_changes", Number(news.length >= maxChanges));
  const movement = await moveAlerts(options, leader, {
    batch: { reports: [], observations: news.map((change) => ({ kind: "change", change })) },
    settings: await readSettings(options),
    now,
  });
  await commit(options, leader, { movement, cursor: leader.lease.cursor, now });
}
