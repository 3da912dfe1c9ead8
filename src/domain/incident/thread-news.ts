/**
 * What the thread of an incident has still to be told of a burst. Alerts that join, and a severity that comes and
 * goes, are told at once the first time and then together, once in half a minute; that it got worse is always told at
 * once.
 */
import { compareSeverity, type Severity } from "../alert.ts";

/** Alerts that joined, oldest first: keys of the first of them, and how many they are. */
export interface Joins {
  readonly keys: readonly string[];
  readonly count: number;
}

export interface ThreadNews {
  /** What joined since the last line about joins. */
  readonly untold: Joins;
  /** When the thread last got a line about joins; null for never. */
  readonly joinsToldAt: Date | null;
  /** What the thread takes the severity for, where it was not told of the newest change; else null. */
  readonly believed: Severity | null;
  readonly severityToldAt: Date | null;
}

const nobody: Joins = { keys: [], count: 0 };

export const noNews: ThreadNews = {
  untold: nobody,
  joinsToldAt: null,
  believed: null,
  severityToldAt: null,
};

/** Lines of one kind are this far apart at least, but for those that say that it got worse. */
export const lineEveryMs = 30_000;
/** Alerts that a line keeps by their keys; the others are counted. */
const maxKeys = 50;

/** The same with more alerts. */
export function addJoins({ keys, count }: Joins, joined: readonly string[]): Joins {
  return { keys: [...keys, ...joined].slice(0, maxKeys), count: count + joined.length };
}

/** @returns told - the alerts of the line that is due now; none while they are held back. */
export function tellJoins(
  news: ThreadNews,
  joined: readonly string[],
  now: Date,
): { readonly news: ThreadNews; readonly told: Joins } {
  const untold = addJoins(news.untold, joined);
  if (untold.count === 0 || !isLongAgo(news.joinsToldAt, now))
    return { news: { ...news, untold }, told: nobody };
  return { news: { ...news, untold: nobody, joinsToldAt: now }, told: untold };
}

/** Whether the thread hears of a change of severity: at once when it is worse than it was told, else after a while. */
export function tellSeverity(
  news: ThreadNews,
  { from, to }: { readonly from: Severity; readonly to: Severity },
  now: Date,
): { readonly news: ThreadNews; readonly isTold: boolean } {
  const believed = news.believed ?? from;
  if (to === believed) return { news: { ...news, believed: null }, isTold: false };
  const isWorse = compareSeverity(to, believed) < 0;
  if (isWorse || isLongAgo(news.severityToldAt, now))
    return { news: { ...news, believed: null, severityToldAt: now }, isTold: true };
  return { news: { ...news, believed }, isTold: false };
}

/** Whether something was held back for so long that it is to be told now. */
export function isOverdue(news: ThreadNews, now: Date): boolean {
  const areJoinsOverdue = news.untold.count > 0 && isLongAgo(news.joinsToldAt, now);
  return areJoinsOverdue || isSeverityOverdue(news, now);
}

/** The same of the severity alone. */
export function isSeverityOverdue({ believed, severityToldAt }: ThreadNews, now: Date): boolean {
  return believed !== null && isLongAgo(severityToldAt, now);
}

/** The same once the severity that was held back has been told. */
export function severityTold(news: ThreadNews, now: Date): ThreadNews {
  return { ...news, believed: null, severityToldAt: now };
}

/** When the next line of a kind may be told. */
export function dueAfter(toldAt: Date | null): Date {
  return new Date(toldAt === null ? 0 : toldAt.getTime() + lineEveryMs);
}

function isLongAgo(at: Date | null, now: Date): boolean {
  return dueAfter(at) <= now;
}
