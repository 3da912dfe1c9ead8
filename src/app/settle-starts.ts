import type { Alert } from "../domain/alert.ts";

/** A firing, as far as a report without a start has to know it. */
export interface Firing {
  readonly startsAt: Date;
  readonly isOpen: boolean;
}

/**
 * Gives reports whose sender named no start ({@link Alert.isStartGuessed}) the start of the firing they speak of: the
 * newest of their fingerprint, if it has not ended, or if the report says that it has. Otherwise every repeat would
 * look like a new firing, and an end would end nothing.
 * @param reports - in order of receipt.
 * @param newestOf - what is remembered of the newest firing of a fingerprint.
 */
export function settleStarts<Report extends { readonly alert: Alert }>(
  reports: readonly Report[],
  newestOf: (fingerprint: string) => Firing | undefined,
): readonly Report[] {
  if (!reports.some(({ alert }) => alert.isStartGuessed === true)) return reports;
  const latest = new Map<string, Firing>();
  return reports.map((report) => {
    const { fingerprint } = report.alert;
    const known = latest.get(fingerprint) ?? newestOf(fingerprint);
    const alert = settle(report.alert, known);
    if (known === undefined || alert.startsAt >= known.startsAt)
      latest.set(fingerprint, { startsAt: alert.startsAt, isOpen: alert.status === "firing" });
    return alert === report.alert ? report : { ...report, alert };
  });
}

function settle(alert: Alert, known: Firing | undefined): Alert {
  if (alert.isStartGuessed !== true || known === undefined) return alert;
  if (!known.isOpen && alert.status === "firing") return alert;
  const { startsAt } = known;
  const endsAt = alert.endsAt !== null && alert.endsAt < startsAt ? startsAt : alert.endsAt;
  return { ...alert, startsAt, endsAt };
}
