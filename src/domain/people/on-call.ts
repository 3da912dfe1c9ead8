/** Who is on call: people in turn, by the clocks of a zone. */
import { dayBefore, instantOf, type LocalTime, localTime } from "../digest/schedule.ts";

/** One list of people who take turns, from tocsin.yaml. */
export interface Rota {
  readonly name: string;
  /** Person ids, in turn; at least one. */
  readonly people: readonly string[];
  /** When the first of them began, on the clocks of the zone. */
  readonly from: LocalTime;
  /** Days that a turn lasts, 1 to 28. */
  readonly turnDays: number;
  /** IANA name. */
  readonly timezone: string;
  /** For a while somebody else; the newest that covers a moment counts. */
  readonly overrides: readonly { readonly person: string; readonly from: Date; readonly to: Date }[];
}

/** A turn: who, and until when. */
export interface Turn {
  readonly person: string;
  readonly until: Date;
}

/**
 * Whose turn it is. Turns change at the hour of `from` on the zone's clocks, whatever summer time does in between.
 * @returns null before the first turn.
 */
export function onCallAt(rota: Rota, now: Date): Turn | null {
  const override = rota.overrides.findLast(({ from, to }) => from <= now && now < to);
  if (override !== undefined) return { person: override.person, until: override.to };
  const passed = turnsBefore(rota, now);
  if (passed < 0) return null;
  const person = rota.people[passed % rota.people.length];
  if (person === undefined) return null;
  const next = startOf(rota, passed + 1);
  const cut = rota.overrides.map(({ from }) => from).filter((from) => from > now && from < next);
  return { person, until: cut.reduce((least, from) => (from < least ? from : least), next) };
}

/** How many turns ended by now; -1 before the first. */
function turnsBefore(rota: Rota, now: Date): number {
  const local = localTime(now, rota.timezone);
  const days = dayNumber(local) - dayNumber(rota.from);
  const guess = Math.floor(days / rota.turnDays);
  // Within the day on which a turn changes the hour decides.
  for (const turn of [guess, guess - 1]) if (turn >= 0 && startOf(rota, turn) <= now) return turn;
  return -1;
}

function startOf(rota: Rota, turn: number): Date {
  const day = dayBefore(rota.from, -turn * rota.turnDays);
  return instantOf({ ...day, hour: rota.from.hour, minute: rota.from.minute }, rota.timezone);
}

function dayNumber({ year, month, day }: Pick<LocalTime, "year" | "month" | "day">): number {
  return Date.UTC(year, month - 1, day) / 86_400_000;
}
