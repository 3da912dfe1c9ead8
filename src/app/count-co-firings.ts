/** Counts which alerts begin near one another as triage takes them in, and keeps the counts for the next retrain. */

import { stableTypeOf } from "../domain/alert/type.ts";
import type { Alert } from "../domain/alert.ts";
import { createCoFiringTally } from "../domain/clustering/co-firing-counts.ts";
import type { Log, Metrics, Store } from "../ports.ts";
import { createLeftOutMeter } from "./left-out.ts";

export interface CoFiringCounter {
  /** Alerts that were triaged for the first time and are stored. */
  count(alerts: Iterable<Alert>): void;
  /** Stores what has been counted so far; a failure is logged and tried again with the next call. */
  save(): Promise<void>;
}

/** What a retrain learns from is no more than statistics: a crash may lose a minute of it. */
export function createCoFiringCounter(options: {
  readonly store: Pick<Store, "learning">;
  readonly replica: string;
  readonly log: Log;
  readonly metrics: Metrics;
}): CoFiringCounter {
  const { store, log, metrics } = options;
  const tally = createCoFiringTally(options.replica);
  let unsaved = new Map<string, ReturnType<typeof tally.grown>[number]>();
  let isSaving = false;
  const tellLeftOut = createLeftOutMeter(metrics);

  return {
    count(alerts) {
      for (const alert of alerts) tally.record(stableTypeOf(alert), alert.startsAt.getTime());
    },
    async save() {
      if (isSaving) return;
      isSaving = true;
      for (const row of tally.grown()) unsaved.set(`${row.replica} ${row.day} ${row.a} ${row.b}`, row);
      const rows = [...unsaved.values()];
      unsaved = new Map();
      tellLeftOut(tally.leftOut());
      try {
        for (let from = 0; from < rows.length; from += maxRows)
          await store.learning.saveCoFirings(rows.slice(from, from + maxRows));
      } catch (error) {
        log.warn({ error: String(error) }, "learning: could not keep what fired together; will try again");
        for (const row of rows) unsaved.set(`${row.replica} ${row.day} ${row.a} ${row.b}`, row);
      } finally {
        isSaving = false;
      }
    },
  };
}

/** Of one statement. */
const maxRows = 5_000;
