/**
 * Which version served from when to when, out of two accounts of it: the bot's records and the backend's own history.
 * Where only one speaks it is believed; where both speak and disagree, both are shown; where neither does, it is unknown.
 */
import type { ServingCause, ServingRecord } from "../serving.ts";

/** A version that began to serve, as its backend tells it. */
export interface ServedVersion {
  readonly version: string;
  readonly from: Date;
  readonly by: string | null;
  /** What it replaced, where the backend knows; when that is not the entry before, something came between. */
  readonly replaced?: string | null;
}

export interface ServingInterval {
  /** Null: nobody knows of an earlier time. */
  readonly from: Date | null;
  /** Null: it lasts. */
  readonly to: Date | null;
  readonly state: "known" | "unknown" | "conflict";
  /** What served; of a conflict what the bot recorded; null for nothing, and for unknown. */
  readonly version: string | null;
  /** Of a conflict what the backend says; else null. */
  readonly otherVersion: string | null;
  readonly sources: readonly ("bot" | "backend")[];
  readonly by: string | null;
  readonly cause: ServingCause | null;
  readonly rolloutId: number | null;
  readonly auditSeq: number | null;
}

/** What one account says of a span of time. */
interface Claim {
  /** ms; -Infinity when it does not say when that began. */
  readonly from: number;
  readonly to: number;
  readonly version: string | null;
  readonly by: string | null;
  readonly record: ServingRecord | null;
}

export interface ServingAccounts {
  /** Of one place, in any order. */
  readonly records: readonly ServingRecord[];
  /** What the backend says, in any order; empty when it cannot say or is away. */
  readonly history: readonly ServedVersion[];
  /** What serves by the backend's word; undefined when it is away. */
  readonly live: string | null | undefined;
  readonly now: Date;
  /** So long after it was last seen a version is still taken to serve, ms. */
  readonly freshMs: number;
}

/** All of the time that anything is known of, without gaps, oldest first. */
export function servingIntervals(accounts: ServingAccounts): readonly ServingInterval[] {
  const own = claimsOfRecords(accounts);
  const theirs = claimsOfHistory(accounts);
  const now = accounts.now.getTime();
  const moments = [...own, ...theirs].flatMap(({ from, to }) => [from, to]);
  const cuts = [...new Set([Number.NEGATIVE_INFINITY, ...moments.filter((at) => at < now), now])].sort(
    (a, b) => a - b,
  );
  const spans = cuts.slice(1).map((to, index) => {
    const from = cuts[index] ?? Number.NEGATIVE_INFINITY;
    return spanOf(from, to, claimAt(own, from, to), claimAt(theirs, from, to));
  });
  return joinEqual(spans).map((span) => ({ ...span, to: span.to?.getTime() === now ? null : span.to }));
}

/** The interval of a moment; null when it has not come yet. */
export function intervalAt(
  intervals: readonly ServingInterval[],
  at: Date,
  now: Date,
): ServingInterval | null {
  if (at > now) return null;
  return intervals.find(({ from, to }) => (from === null || from <= at) && (to === null || at < to)) ?? null;
}

/** Between the last look at one version and the first at the next, the records do not say which it was. */
function claimsOfRecords({ records, now, freshMs }: ServingAccounts): readonly Claim[] {
  const inOrder = [...records].sort((a, b) => a.since.getTime() - b.since.getTime() || a.id - b.id);
  return inOrder.map((record, index): Claim => {
    const next = inOrder[index + 1];
    const { version, by } = record;
    const from = record.since.getTime();
    const seen = record.seenAt.getTime();
    const isFresh = now.getTime() - seen <= freshMs;
    // Seen for the first time after rollouts that nobody looked at: the same version went on, another came somehow.
    const untold = next?.version === version ? (next?.since.getTime() ?? seen) : seen;
    const end = next === undefined ? (isFresh ? now.getTime() : seen) : (next.after?.getTime() ?? untold);
    return { from, to: Math.max(from, end), version, by, record };
  });
}

function claimsOfHistory({ history, live, now }: ServingAccounts): readonly Claim[] {
  const inOrder = [...history].sort((a, b) => a.from.getTime() - b.from.getTime());
  return inOrder.map(({ version, from, by }, index): Claim => {
    const next = inOrder[index + 1];
    const replacedBy = next === undefined ? live : next.replaced;
    // When what followed did not replace this one, something came between, and it is not known when this one ended.
    const isWhole =
      next === undefined ? live === version : replacedBy === undefined || replacedBy === version;
    const end = next === undefined ? now.getTime() : next.from.getTime();
    return { from: from.getTime(), to: isWhole ? end : from.getTime(), version, by, record: null };
  });
}

function claimAt(claims: readonly Claim[], from: number, to: number): Claim | null {
  return claims.findLast((claim) => claim.from <= from && to <= claim.to) ?? null;
}

function spanOf(from: number, to: number, own: Claim | null, theirs: Claim | null): ServingInterval {
  const time = { from: Number.isFinite(from) ? new Date(from) : null, to: new Date(to) };
  const nothing = {
    version: null,
    otherVersion: null,
    by: null,
    cause: null,
    rolloutId: null,
    auditSeq: null,
  };
  const claim = own ?? theirs;
  if (claim === null) return { ...time, ...nothing, state: "unknown", sources: [] };
  const { cause = null, rolloutId = null, auditSeq = null } = own?.record ?? {};
  const isConflict = own !== null && theirs !== null && own.version !== theirs.version;
  return {
    ...time,
    state: isConflict ? "conflict" : "known",
    version: claim.version,
    otherVersion: isConflict ? theirs.version : null,
    sources: [
      ...(own === null ? [] : (["bot"] as const)),
      ...(theirs === null ? [] : (["backend"] as const)),
    ],
    by: claim.by,
    cause,
    rolloutId,
    auditSeq,
  };
}

/** Spans that say the same are one, whoever says it: the first of them that the bot recorded tells how it came. */
function joinEqual(spans: readonly ServingInterval[]): readonly ServingInterval[] {
  const joined: ServingInterval[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last === undefined || !areSame(last, span)) {
      joined.push(span);
      continue;
    }
    const told =
      last.rolloutId !== null || last.cause === "outside" ? last : { ...span, by: last.by ?? span.by };
    const sources = [...new Set([...last.sources, ...span.sources])].sort().reverse();
    joined[joined.length - 1] = { ...told, from: last.from, to: span.to, sources };
  }
  return joined;
}

function areSame(a: ServingInterval, b: ServingInterval): boolean {
  if (a.state !== b.state || a.version !== b.version || a.otherVersion !== b.otherVersion) return false;
  return a.rolloutId === b.rolloutId || a.rolloutId === null || b.rolloutId === null;
}
