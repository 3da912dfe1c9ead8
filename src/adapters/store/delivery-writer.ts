/** The one statement that every webhook waits for. */
import { isAscii } from "node:buffer";
import type postgres from "postgres";
import type { RawDelivery } from "../../ports.ts";
import { cleanJson, writeTime } from "./values.ts";

/** Held from the first id of a group to its commit: ids become visible in order, and a cursor never skips one. */
export const orderLock = 0x64656c69;

type NewDelivery = RawDelivery & { readonly source: string };

/**
 * One statement, one round trip, one commit for the whole group. It is prepared once per connection, which the query
 * builder does not do: planning it anew cost twice as much as running it. The bodies go as one run of bytes that the
 * server cuts, since arrays of bytes would have to be quoted and read element by element.
 * @param client - a bare client, not one that a query builder has changed.
 */
export async function writeDeliveries(client: postgres.Sql, group: readonly NewDelivery[]): Promise<void> {
  if (group.length === 0) return;
  const rows = cleanJson(JSON.stringify(rowsOf(group)));
  const bodies = Buffer.concat(group.map((delivery) => delivery.body));
  // As text the bytes go as they are; as bytea they go as hexadecimal digits, twice as long. ASCII is the same text
  // in every encoding that a server may have, but for NUL, which no text may hold.
  const isPlain = isAscii(bodies) && !bodies.includes(0);
  const whole = isPlain
    ? client`convert_to(${bodies.toString("latin1")}::text, 'UTF8')`
    : client`${bodies}::bytea`;
  await client`
    with held as materialized (select pg_advisory_xact_lock(${orderLock})),
    whole as materialized (select ${whole} as bytes)
    insert into deliveries (source, received_at, headers, body)
    select r.s, r.t, r.h, substring(whole.bytes from r.o for r.l)
    from held, whole, jsonb_to_recordset(${rows}::text::jsonb) as r(s text, t timestamptz, h jsonb, o int, l int)
    order by r.o`;
}

/** Where each delivery's body is in the run of bytes, counted from 1. */
export function rowsOf(group: readonly NewDelivery[]) {
  let offset = 1;
  return group.map(({ source, headers, receivedAt, body }) => {
    const row = { s: source, h: headers, t: writeTime(receivedAt), o: offset, l: body.byteLength };
    offset += body.byteLength;
    return row;
  });
}
