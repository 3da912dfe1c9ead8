/** What a replay may be judged by: the versions of the correlator. */
import { shippedWeights, type Weights, weightsSchema } from "../domain/weights.ts";
import type { Store } from "../ports.ts";

/** Weights and what to call them. */
export interface Judge {
  readonly name: string;
  readonly weights: Weights;
}

export const shippedJudge: Judge = { name: "the shipped weights", weights: shippedWeights };

const model = "correlator";
const environment = "production";

/**
 * @param version - a number, or "champion" for the version that serves; "shipped" for the weights of this release.
 * @throws Error naming the versions that there are.
 */
export async function versionJudge(store: Store, version: string): Promise<Judge> {
  if (version === "shipped") return shippedJudge;
  const versions = await store.rollouts.modelVersions(model);
  const [live] = await store.rollouts.aliasHistory(model, environment, "champion");
  if (version === "champion" && live === undefined) return shippedJudge;
  const wanted = version === "champion" ? String(live?.version) : version;
  const found = versions.find((candidate) => String(candidate.version) === wanted);
  const known = versions.map((candidate) => candidate.version).join(", ") || "none yet";
  if (found === undefined)
    throw new Error(
      `there is no version "${version}" of the correlator; known: ${known}, champion, shipped; or name a .yaml file`,
    );
  const weights = weightsSchema.safeParse(found.parameters);
  if (!weights.success)
    throw new Error(
      `version ${wanted} of the correlator does not fit this release; retrain it, or name another`,
    );
  return { name: `version ${wanted} of the correlator`, weights: weights.data };
}
