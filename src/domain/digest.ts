/** The numbers of one window. */
export interface DigestFacts {
  readonly from: string;
  readonly to: string;
  /** IANA zone for the chart's axis, from the schedule; absent means UTC. */
  readonly timezone?: string;
  readonly opened: readonly { readonly id: number; readonly title: string; readonly severity: string }[];
  readonly resolved: readonly { readonly id: number; readonly title: string; readonly severity: string }[];
  readonly stillOpen: number;
  /** Median ms; null when none was. */
  readonly acknowledgeMs: number | null;
  readonly resolveMs: number | null;
  readonly alertCount: number;
  readonly noisiest: readonly { readonly name: string; readonly count: number; readonly incidents: number }[];
  readonly muted: readonly { readonly because: string; readonly count: number }[];
  readonly rollouts: readonly { readonly id: number; readonly title: string; readonly state: string }[];
  readonly pendingApprovals: readonly {
    readonly id: number;
    readonly title: string;
    readonly requestedBy: string;
  }[];
  /** Rollouts that broke a freeze and that nobody has reviewed; absent in digests of before there were any. */
  readonly reviews?: readonly {
    readonly id: number;
    readonly title: string;
    readonly openedBy: string;
    readonly reason: string;
  }[];
  /** Alerts per bucket, oldest first, for the chart. */
  readonly series: readonly { readonly at: string; readonly alerts: number; readonly incidents: number }[];
}
