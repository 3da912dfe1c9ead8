import type { CronFields } from "../domain/digest/schedule.ts";
import type { DigestFacts } from "../domain/digest.ts";

export interface DigestRun {
  readonly id: number;
  readonly name: string;
  readonly slot: Date;
  readonly from: Date;
  readonly to: Date;
  readonly channel: string;
  readonly facts: DigestFacts | null;
}

export interface DigestStore {
  /** Claims a slot for one channel; null when another replica has it. */
  claim(run: Omit<DigestRun, "id" | "facts">, at: Date): Promise<number | null>;
  find(id: number): Promise<DigestRun | null>;
  saveFacts(id: number, facts: DigestFacts): Promise<void>;
  /** End of the newest slot claimed for this digest (null: for any) and channel, for catching up; null for none. */
  lastSlot(name: string | null, channel: string): Promise<Date | null>;
  /** Gathers the numbers of a window. */
  facts(from: Date, to: Date): Promise<DigestFacts>;
  /** What only a hand-over tells of a window. */
  handoverFacts(from: Date, to: Date): Promise<Required<Pick<DigestFacts, "told" | "lastNotes">>>;
}

/** Calls back at the moments that a cron expression names. Late or doubled calls are allowed: slots are claimed. */
export interface Cron {
  /** @returns null when the text is no five-field cron expression. */
  parse(expression: string): CronFields | null;
  /** @returns what stops it. */
  schedule(expression: string, timezone: string, run: () => void): () => void;
}
