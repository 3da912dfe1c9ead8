/** How every bench says what it measured, so that people can read it and run.ts can make one table of it. */

export interface Measure {
  /** What was measured, without a colon. */
  readonly measure: string;
  /** The number with its unit and what it is made of. */
  readonly figure: string;
  /** "p99 <= 1 s"; null where we only watch. */
  readonly aim: string | null;
  /** Null where there is no aim. */
  readonly isMet: boolean | null;
}

const verdicts = { met: true, missed: false, watched: null } as const;
const line = /^- (.+?): (.+); aim (.+): (met|missed|watched)$/;

/** One line, which {@link readMeasure} understands. */
export function reportLine({ measure, figure, aim, isMet }: Measure): string {
  return `- ${measure}: ${figure}; aim ${aim ?? "none"}: ${isMet === null ? "watched" : isMet ? "met" : "missed"}`;
}

export function report(measure: Measure): void {
  console.log(reportLine(measure));
}

/** The measure that a line of a bench's output holds; null for all other lines. */
export function readMeasure(text: string): Measure | null {
  const [, measure, figure, aim, verdict] = line.exec(text.trim()) ?? [];
  if (measure === undefined || figure === undefined || aim === undefined) return null;
  // The pattern lets no other words through.
  const isMet = verdicts[verdict as keyof typeof verdicts];
  return { measure, figure, aim: aim === "none" ? null : aim, isMet };
}

/** The value that `share` (0 to 1) of the values do not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? sorted[0] ?? Number.NaN;
}

/** "p50 84 ms, p99 310 ms of 40". */
export function distribution(values: readonly number[]): string {
  const ms = (share: number) => `${percentile(values, share).toFixed(0)} ms`;
  return `p50 ${ms(0.5)}, p99 ${ms(0.99)} of ${values.length}`;
}
