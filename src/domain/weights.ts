import { z } from "zod";

const logOdds = z.number().min(-10).max(10);

/** Every number that judgement depends on and that may be tuned or learned; one version of the model `correlator`. */
export const weightsSchema = z.strictObject({
  clustering: z.strictObject({
    /** Pause after which a component's next alert is another story, ms. */
    gapMs: z.number().int().min(1_000).max(3_600_000),
    /** Log-odds above which an alert joins. */
    threshold: logOdds,
    /** Multiplies each signal's score; a signal that is not named here counts once. */
    signals: z.record(z.string(), z.number().min(0).max(5)),
    /** More neighbours than this make a service a hub, which connects nothing. */
    hubDegree: z.number().int().min(2).max(10_000),
  }),
  causes: z.strictObject({}),
});

export type Weights = z.infer<typeof weightsSchema>;

/** What a new installation starts with; how each was chosen is in docs/judgement.md. */
export const shippedWeights: Weights = {
  clustering: { gapMs: 120_000, threshold: 0, signals: {}, hubDegree: 40 },
  causes: {},
};
