import { observeRulings, placeRulings } from "../rulings.ts";
import { commit } from "./commit.ts";
import type { Leadership } from "./leadership.ts";
import type { TriageOptions } from "./options.ts";
import { recallPlaced, recallRuled } from "./recall.ts";

/** Rulings of people that are carried out at once. */
const maxRulings = 100;

/** What people decided about groupings since the last look; a few of them at a time. */
export async function carryOutRulings(options: TriageOptions, leader: Leadership): Promise<void> {
  const { store, clock, metrics } = options;
  const rulings = await store.feedback.waiting(maxRulings);
  if (rulings.length === 0) return;
  const { memory } = leader;
  await recallRuled(store, memory, rulings);
  const now = clock.now();
  const observed = observeRulings(memory, rulings, now);
  await recallPlaced(store, memory, observed);
  const movement = placeRulings(memory, rulings, observed);
  const carriedOut = rulings.map(({ id }) => id);
  await commit(options, leader, {
    movement,
    cursor: leader.lease.cursor,
    now,
    before: (tx) => tx.feedback.markCarriedOut(carriedOut, now),
  });
  metrics.count("tocsin_rulings_total", {}, rulings.length);
}
