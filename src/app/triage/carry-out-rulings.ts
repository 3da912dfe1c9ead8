import { recall, takeRulings } from "../rulings.ts";
import { commit } from "./commit.ts";
import type { Leadership } from "./leadership.ts";
import type { TriageOptions } from "./options.ts";

/** Rulings of people that are carried out at once. */
const maxRulings = 100;

/** What people decided about groupings since the last look; a few of them at a time. */
export async function carryOutRulings(options: TriageOptions, leader: Leadership): Promise<void> {
  const { store, clock, metrics } = options;
  const rulings = await store.feedback.waiting(maxRulings);
  if (rulings.length === 0) return;
  await recall(store, leader.memory, rulings);
  const now = clock.now();
  const movement = takeRulings(leader.memory, rulings, now);
  const carriedOut = rulings.map(({ id }) => id);
  await commit(options, leader, {
    movement,
    cursor: leader.lease.cursor,
    now,
    before: (tx) => tx.feedback.markCarriedOut(carriedOut, now),
  });
  metrics.count("tocsin_rulings_total", {}, rulings.length);
}
