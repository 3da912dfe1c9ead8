import type { NoiseFacts } from "../domain/noise/noise.ts";
import type { Senders } from "../domain/noise/sender.ts";

/** Counts about rules over many alerts. */
export interface NoiseStore {
  /** Of alerts that began in [from, to). Aggregated by the database: what comes back is small however many there were. */
  facts(from: Date, to: Date, senders: Senders): Promise<NoiseFacts>;
}
