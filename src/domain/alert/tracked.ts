import type { Alert } from "../alert.ts";
import type { Reason } from "../clustering/correlation.ts";
import type { Flapping } from "../suppression/flapping.ts";
import type { Mute } from "../suppression/mute.ts";

/** An alert as it is remembered: what sources said of it, and what became of it. */
export interface TrackedAlert {
  /** "<fingerprint>/<startsAt>": one firing. */
  readonly key: string;
  readonly alert: Alert;
  /** When it was last heard of. */
  readonly seenAt: Date;
  readonly seenCount: number;
  /** Who ended it: the source said so, or it was not heard of for too long; null while it fires. */
  readonly endedBy: "source" | "timeout" | null;
  readonly incidentId: number;
  /** Why it is where it is. */
  readonly reasons: readonly Reason[];
  /** Version of the correlator that put it there; absent where nothing with versions did. */
  readonly correlatorVersion?: number;
  /** What keeps it from notifying, or null. */
  readonly mutedBy: Mute | null;
  /** How it came and went lately; absent as long as it fired once. While it flaps it is held open: it does not end. */
  readonly flapping?: Flapping;
  /**
   * Key of the alert that was held open when this firing began: it counts as a part of that one, and is kept for the
   * record only.
   */
  readonly partOf?: string;
}

/** What a delivery did to one alert. */
export type MergeOutcome =
  | "repeated"
  | "resolved"
  /** Timed out before, and fires again under the same startsAt. */
  | "revived"
  /** A firing report that arrived after the end was already known. */
  | "late";

export interface MergedAlert {
  readonly tracked: TrackedAlert;
  readonly outcome: MergeOutcome;
}

/**
 * Merges a report into what is remembered of the same firing (same fingerprint and startsAt).
 * An end that the source itself gave stands: a firing report with the same startsAt that comes later is a duplicate
 * from a slower replica of the sender, since a sender that fires anew gives a new startsAt.
 * @see https://github.com/prometheus/alertmanager/blob/main/types/types.go (Alert.Merge)
 */
export function mergeAlert(known: TrackedAlert, incoming: Alert, receivedAt: Date): MergedAlert {
  const seenAt = receivedAt > known.seenAt ? receivedAt : known.seenAt;
  const base = { ...known, seenAt, seenCount: known.seenCount + 1 };
  if (incoming.status === "resolved") {
    const endsAt = incoming.endsAt ?? receivedAt;
    if (known.endedBy === "source") return { tracked: base, outcome: "repeated" };
    const alert: Alert = { ...incoming, startsAt: known.alert.startsAt, endsAt };
    return { tracked: { ...base, alert, endedBy: "source" }, outcome: "resolved" };
  }
  if (known.endedBy === "source") return { tracked: base, outcome: "late" };
  const alert: Alert = { ...incoming, startsAt: known.alert.startsAt };
  return {
    tracked: { ...base, alert, endedBy: null },
    outcome: known.endedBy === "timeout" ? "revived" : "repeated",
  };
}

/** The alert ended at `endsAt` because a newer firing of the same fingerprint has begun. */
export function supersede(known: TrackedAlert, endsAt: Date): TrackedAlert {
  return { ...known, alert: { ...known.alert, status: "resolved", endsAt }, endedBy: "source" };
}

/** True when it fires, has no end of its own and was not heard of for `timeoutMs`. */
export function isTimedOut(known: TrackedAlert, now: Date, timeoutMs: number): boolean {
  return known.endedBy === null && now.getTime() - known.seenAt.getTime() >= timeoutMs;
}

/** The alert ended by silence of its source; its end is when it was last heard of. */
export function timeOut(known: TrackedAlert): TrackedAlert {
  return {
    ...known,
    alert: { ...known.alert, status: "resolved", endsAt: known.seenAt },
    endedBy: "timeout",
  };
}
