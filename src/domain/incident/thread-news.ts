/**
 * What the thread of an incident has still to be told of a burst. Alerts that join, and a severity that comes and
 * goes, are told at once the first time and then together, once in half a minute; that it got worse is always told at
 * once.
 */
import { compareSeverity, type Severity } from "../alert.ts";

export interface ThreadNews {
  /** Keys of alerts that joined since the last line about joins, oldest first. */
  readonly untold: readonly string[];
  /** When the thread last got a line about joins; null for never. */
  readonly joinsToldAt: Date | null;
  /** What the thread takes the severity for, where it was not told of the newest change; else null. */
  readonly believed: Severity | null;
  readonly severityToldAt: Date | null;
}

export const noNews: ThreadNews = {
  untold: [],
  joinsToldAt: null,
  believed: null,
  severityToldAt: null,
};

/** Lines of one kind are this far apart at least, but for those that say that it got worse. */
export const lineEveryMs = 30_000;
/** Joins beyond these are counted with the last of them. */
const maxUntold = 1_000;

/** @returns told - the alerts of the line that is due now; none while they are held back. */
export function tellJoins(
  news: ThreadNews,
  joined: readonly string[],
  now: Date,
): { readonly news: ThreadNews; readonly told: readonly string[] } {
  const untold = [...news.untold, ...joined].slice(0, maxUntold);
  if (untold.length === 0 || !isLongAgo(news.joinsToldAt, now))
    return { news: { ...news, untold }, told: [] };
  return { news: { ...news, untold: [], joinsToldAt: now }, told: untold };
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
  return (
    (news.untold.length > 0 && isLongAgo(news.joinsToldAt, now)) ||
    (news.believed !== null && isLongAgo(news.severityToldAt, now))
  );
}

/** The same once the severity that was held back has been told. */
export function severityTold(news: ThreadNews, now: Date): ThreadNews {
  return { ...news, believed: null, severityToldAt: now };
}

function isLongAgo(at: Date | null, now: Date): boolean {
  return at === null || now.getTime() - at.getTime() >= lineEveryMs;
}
