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
  /** End of the newest slot claimed for this digest and channel, for catching up; null for none. */
  lastSlot(name: string, channel: string): Promise<Date | null>;
  /** Gathers the numbers of a window. */
  facts(from: Date, to: Date): Promise<DigestFacts>;
}
