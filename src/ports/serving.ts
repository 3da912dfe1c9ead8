import type { NewServingRecord, ServingPart, ServingRecord } from "../domain/serving.ts";

/** What served when; written by rollouts and by whoever looks at the backends. */
export interface ServingStore {
  /**
   * For changes outside, in a transaction, before it looks whether one is known: whoever else looks waits until it ends,
   * and then sees what it wrote.
   */
  alone(): Promise<void>;
  /** Null when someone else has recorded what follows `previousId`. */
  add(record: NewServingRecord): Promise<ServingRecord | null>;
  /** It was seen to serve still. */
  see(id: number, at: Date): Promise<void>;
  find(id: number): Promise<ServingRecord | null>;
  newest(model: string, environment: string, part: ServingPart): Promise<ServingRecord | null>;
  /** The newest of every place. */
  current(): Promise<readonly ServingRecord[]>;
  /** Newest first. */
  list(filter: {
    readonly model: string;
    readonly environment: string;
    readonly part: ServingPart;
    readonly limit: number;
  }): Promise<readonly ServingRecord[]>;
}
