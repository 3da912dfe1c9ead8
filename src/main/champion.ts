/** The correlator's weights that are live: those of the version with the alias champion, looked at again and again. */
import { shippedWeights, type Weights, weightsSchema } from "../domain/weights.ts";
import type { Log, Store } from "../ports.ts";

export interface Champion {
  /** Weights to judge with now, and the version they are. */
  weights(): Weights;
  version(): number;
  stop(): void;
}

const model = "correlator";
const environment = "production";
const lookEveryMs = 3_000;

/**
 * Reads the champion and keeps looking.
 * @param onChange - called when another version has become champion.
 */
export async function followChampion(store: Store, log: Log, onChange: () => void): Promise<Champion> {
  let current = (await readChampion(store, log)) ?? { version: 1, weights: shippedWeights };
  let isLooking = false;
  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      const found = await readChampion(store, log);
      if (found === null || found.version === current.version) return;
      log.info({ from: current.version, to: found.version }, "correlator: another version is champion");
      current = found;
      onChange();
    } catch (error) {
      log.warn(
        { error: String(error) },
        "correlator: could not look for the champion; keeping the one there is",
      );
    } finally {
      isLooking = false;
    }
  }

  return { weights: () => current.weights, version: () => current.version, stop: () => clearInterval(timer) };
}

async function readChampion(store: Store, log: Log): Promise<{ version: number; weights: Weights } | null> {
  const [live] = await store.rollouts.aliasHistory(model, environment, "champion");
  if (live === undefined) return null;
  const versions = await store.rollouts.modelVersions(model);
  const stored = versions.find((candidate) => candidate.version === live.version);
  const parsed = weightsSchema.safeParse(stored?.parameters);
  if (parsed.success) return { version: live.version, weights: parsed.data };
  log.error(
    { version: live.version },
    "correlator: the champion's parameters cannot be read by this release; judging with the shipped weights",
  );
  return { version: live.version, weights: shippedWeights };
}
