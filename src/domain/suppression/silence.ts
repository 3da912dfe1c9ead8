import { moment } from "../view.ts";
import type { Matcher } from "./matcher.ts";
import type { Mute } from "./mute.ts";

/** A mute that a person made for a while. */
export interface Silence {
  readonly id: number;
  readonly matchers: readonly Matcher[];
  readonly reason: string;
  readonly createdBy: string;
  /** Channel it was made in, "slack:C0123ABCD", for reminders; null when it was made in none. */
  readonly createdIn: string | null;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly createdAt: Date;
  /** When it last matched a firing alert, to the hour; null as long as it never has. */
  readonly matchedAt: Date | null;
}

/** Those in force at a moment, the one that lasts longest first. */
export function activeSilences(silences: readonly Silence[], now: Date): readonly Silence[] {
  return silences
    .filter((silence) => silence.startsAt <= now && now < silence.endsAt)
    .sort((a, b) => b.endsAt.getTime() - a.endsAt.getTime() || a.id - b.id);
}

/** @param nameOf - person id to name. */
export function muteBySilence(silence: Silence, nameOf: (person: string) => string): Mute {
  const { id, createdBy, endsAt, reason } = silence;
  return {
    by: "silence",
    id,
    because: `silence ${id} by ${nameOf(createdBy)} until ${moment(endsAt).text}: ${reason}`,
  };
}
