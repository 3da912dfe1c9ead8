/** What clocks in a time zone show, as numbers to count hours of the day and of the week with. */
import { localTime } from "../digest/schedule.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/**
 * Tells local time, and asks for the offset of a zone once for each day that is asked for: of tens of thousands of
 * samples each would cost more than all else that is made of it.
 * @param timezone - IANA name.
 * @returns a function from ms since 1970 to ms on the zone's clocks, since 1970 on them.
 */
export function createLocalClock(timezone: string): (ms: number) => number {
  if (timezone === "UTC") return (ms) => ms;
  /** By the day since 1970; null for one on which clocks change. */
  const offsets = new Map<number, number | null>();
  return (ms) => {
    const day = Math.floor(ms / dayMs);
    let known = offsets.get(day);
    if (known === undefined) {
      const [first, next] = [offsetAt(day * dayMs, timezone), offsetAt((day + 1) * dayMs, timezone)];
      known = first === next ? first : null;
      offsets.set(day, known);
    }
    return ms + (known ?? offsetAt(ms, timezone));
  };
}

function offsetAt(ms: number, timezone: string): number {
  const whole = Math.floor(ms / minuteMs) * minuteMs;
  const { year, month, day, hour, minute } = localTime(new Date(whole), timezone);
  return Date.UTC(year, month - 1, day, hour, minute) - whole;
}
