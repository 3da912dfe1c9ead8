/** What a retrain is made from: kept with it, so that the same can be asked for again. */

/** Each null where nobody said and the training does not know. */
export interface RetrainManifest {
  /** Commit of the training's code. */
  readonly commit: string | null;
  /** Version of the data that it reads: "transactions@2026-11-01", a digest, a table's snapshot. */
  readonly data: string | null;
  /** Name to value, as the training takes them. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly seed: number | null;
  /** Digest of the image that it runs in: "sha256:…". */
  readonly image: string | null;
  /** The rollout whose manifest this repeats; null for one of its own. */
  readonly rerunOf: number | null;
}
