/** One metric of what serves and of what would replace it, measured on the same questions. */
export interface MetricComparison {
  readonly name: string;
  /** What serves. */
  readonly champion: number;
  readonly challenger: number;
  /** The middle 95 % of the difference, challenger less champion; null when there is too little to say. */
  readonly interval: readonly [low: number, high: number] | null;
  /** How many questions, rows or runs it was measured on. */
  readonly n: number;
}
