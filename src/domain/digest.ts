import type { ModelHealth } from "./digest/model-health.ts";
import { adviseOn } from "./noise/advice.ts";
import { type NoiseFacts, reportNoise } from "./noise/noise.ts";

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
  /** What was open at the end, oldest first; `who` has it, a person id. Absent in older digests, as what follows. */
  readonly open?: readonly {
    readonly id: number;
    readonly title: string;
    readonly severity: string;
    readonly since: string;
    readonly who: string | null;
  }[];
  /** The medians of as long a time before `from`. */
  readonly before?: { readonly acknowledgeMs: number | null; readonly resolveMs: number | null };
  /** Silences that end within a day after `to`, soonest first. */
  readonly silencesEnding?: readonly {
    readonly id: number;
    readonly reason: string;
    readonly createdBy: string;
    readonly endsAt: string;
  }[];
  /** How each model fares in each environment; what is well comes too. */
  readonly models?: readonly ModelHealth[];
  /** Only in a hand-over: the rota, and whose turn ends and begins; person ids, null where nobody has one. */
  readonly handover?: {
    readonly rota: string;
    readonly from: string | null;
    readonly to: string | null;
  };
  /** Only in a hand-over: whom escalations told of what, oldest first. Untrusted text. */
  readonly told?: readonly { readonly id: number; readonly at: string; readonly text: string }[];
  /** Only in a hand-over: the newest note of people on what is still open, by incident. Untrusted text. */
  readonly lastNotes?: readonly { readonly id: number; readonly text: string }[];
  /** What would quieten the noisiest rules, one plain sentence each, what spares most first. Untrusted text. */
  readonly advice?: readonly string[];
  /** Alerts per bucket, oldest first, for the chart. */
  readonly series: readonly { readonly at: string; readonly alerts: number; readonly incidents: number }[];
}

const dayMs = 86_400_000;
const maxAdvice = 3;

/** The facts with what would quieten the rules that made noise in their window. */
export function withAdvice(facts: DigestFacts, noise: NoiseFacts): DigestFacts {
  const advice = adviseOn(reportNoise(noise, null)).slice(0, maxAdvice);
  return advice.length === 0 ? facts : { ...facts, advice: advice.map(({ title }) => title) };
}

/** Where a digest that somebody asks for begins: where the last one ended, or a day ago when there was none. */
export function beginOnRequest(last: Date | null, now: Date): Date {
  return last !== null && last < now ? last : new Date(now.getTime() - dayMs);
}
