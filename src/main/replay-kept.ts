/** What the bot received, as a recording: the deliveries that it keeps, and what it made of them. */
import type { RecordedDelivery } from "../app/replay.ts";
import { parseJson } from "../domain/text/json.ts";
import { moment, textOf } from "../domain/view.ts";
import type { Store } from "../ports.ts";
import type { Tape } from "./replay-run.ts";

const pageSize = 500;
/** Alerts are explained by changes from so long before them. */
const changesBeforeMs = 2 * 3_600_000;
/** The newest; older ones are left out. */
const maxChanges = 50_000;
const dayMs = 24 * 3_600_000;

/**
 * @param days - how far back; deliveries older than `keep.deliveriesDays` are gone.
 * @throws Error when nothing was received in that time.
 */
export async function keptDeliveries(
  store: Store,
  days: number,
): Promise<{ readonly tape: Tape; readonly since: Date }> {
  const newest = await store.deliveries.newest();
  const since = new Date((newest?.receivedAt.getTime() ?? 0) - days * dayMs);
  const from = await store.deliveries.cursorBefore(since);
  if (newest === null || newest.id <= from)
    throw new Error(
      `--days ${days}: the bot received nothing in that time; send it alerts first, or name a recording`,
    );
  const until = newest.id;
  const name = `what was received in ${days} ${days === 1 ? "day" : "days"} until ${textOf([moment(newest.receivedAt)])}`;
  const storedChanges = await store.incidents.changesBetween(
    new Date(since.getTime() - changesBeforeMs),
    newest.receivedAt,
    maxChanges,
  );
  return { tape: { name, storedChanges, read: () => readKept(store, from, until) }, since };
}

const alertsAtATime = 1_000;

/** The incidents in which the bot holds some alerts, by their keys; without those that it does not hold. */
export async function incidentsHolding(
  { incidents }: Pick<Store, "incidents">,
  keys: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (let at = 0; at < keys.length; at += alertsAtATime)
    for (const { key, incidentId } of await incidents.findAlerts(keys.slice(at, at + alertsAtATime)))
      found.set(key, incidentId);
  return found;
}

async function* readKept(store: Store, from: number, until: number): AsyncGenerator<RecordedDelivery> {
  let cursor = from;
  while (cursor < until) {
    const page = await store.deliveries.after(cursor, pageSize);
    if (page.length === 0) return;
    for (const { id, source, receivedAt, body } of page) {
      if (id > until) return;
      cursor = id;
      const json = parseJson(body);
      // What could not be read when it came is in doctor's list of dead deliveries, not here.
      if (json.kind === "invalid") continue;
      yield { at: receivedAt, source, body: json.value, where: `delivery ${id}` };
    }
  }
}
