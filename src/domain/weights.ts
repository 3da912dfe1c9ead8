import { z } from "zod";

const logOdds = z.number().min(-10).max(10);
const byName = z.record(z.string().max(60), logOdds);
const count = z.number().min(0).max(1e9);

/** Every number that judgement depends on and that may be tuned or learned; one version of the model `correlator`. */
export const weightsSchema = z.strictObject({
  clustering: z.strictObject({
    /** Pause after which the next alert of a part of the system is another story, ms. */
    gapMs: z.number().int().min(1_000).max(3_600_000),
    /** The same while an earlier alert still fires, ms. */
    firingGapMs: z.number().int().min(1_000).max(3_600_000),
    /** Mean log-odds between two groups above which they are one. */
    threshold: logOdds,
    /** Multiplies each signal's score; a signal that is not named here counts once. */
    signals: z.record(z.string().max(60), z.number().min(0).max(5)),
    /** Log-odds lost when two groups surely have different roots, and won when they surely share one. */
    rivalRoots: logOdds,
    sharedRoot: logOdds,
    /** Log-odds per doubling of the smaller of two groups: two large groups need more to be one than a stray does. */
    bulk: logOdds,
    /** How much the threshold rises per doubling or halving of a session's alerts from the usual number. */
    crowding: logOdds,
    /** Log-odds per unit of each feature of a story's member; see strays.ts. */
    strays: byName,
    /** More neighbours than this make a service a hub, which connects nothing. */
    hubDegree: z.number().int().min(2).max(10_000),
    /**
     * Log-odds per unit of each feature of a bridge between parts of the system; see bridges.ts. Besides: `signals`
     * multiplies the signals, and `oneStory` is how many alerts of a part are one story at most (0: any number).
     */
    bridge: byName,
    /** Log-odds per unit of what an alert says for its service as a root; see root-votes.ts. */
    votes: byName,
    /** What fired together over weeks, learned by a retrain; see co-firing-counts.ts. */
    coFirings: z.record(z.string().max(40), z.tuple([count, count]).readonly()).default({}),
  }),
  causes: z.strictObject({
    /** Log-odds per unit of each feature of a service; see causes/service-evidence.ts. Unnamed features count nothing. */
    service: byName,
    /** Log-odds per unit of each feature of a change; see change-evidence.ts. */
    change: byName,
    /** Log-odds that no change is to blame, before any change is looked at. */
    noChange: logOdds,
    /** Log-odds that it is none of the candidates: where it is the likeliest, the evidence is not enough. */
    elsewhere: logOdds,
    /** Log-odds that a change set off the very service that it touched or names. */
    changed: logOdds,
    /** Log-odds per call between the blamed service and the changed one, where it is another. */
    changeDistance: logOdds,
    /** Scores are multiplied by this before they become probabilities. */
    sharpness: z.number().min(0.05).max(5),
  }),
});

export type Weights = z.infer<typeof weightsSchema>;

/** What a new installation starts with; how each was chosen is in docs/judgement.md. */
export const shippedWeights: Weights = {
  clustering: {
    gapMs: 120_000,
    firingGapMs: 360_000,
    threshold: -1.2,
    signals: { "base-rate": 1.8, "co-firing": 0.75, "rival-roots": 1.1, "same-entity": 0.5 },
    rivalRoots: -1.25,
    sharedRoot: 0.5,
    bulk: -0.15,
    crowding: 0.4,
    strays: { base: -2.6, solitude: -1.15, quiet: 0.8, firm: 1.75, breath: 3.75, ahead: -1.2, size: 1.4 },
    hubDegree: 40,
    bridge: {
      base: -1.22,
      near: 0.9,
      burst: 1.9,
      crowd: -0.25,
      affinity: 1.6,
      alike: 6,
      quiet: 0.7,
      group: -2,
      thin: -1.2,
      apart: -4,
      detour: -4,
      hub: 4,
      signals: 1,
      oneStory: 8,
    },
    coFirings: {},
    votes: {
      blamed: 1.43,
      blamedSize: 0.6,
      "kind:call": -0.86,
      "kind:crash": 2.07,
      "kind:error": -0.44,
      "kind:latency": 0.38,
      "kind:log": 0.58,
      "kind:net": 0.74,
      "kind:other": -0.23,
      "kind:resource": 0.78,
      "kind:traffic": 0.43,
      "size:call": -0.84,
      "size:error": 0.37,
      "size:latency": -0.77,
      "size:log": 0.67,
      "size:net": 1.69,
      "size:other": -0.28,
      "size:resource": 1.25,
      "size:slo": 0.1,
      "size:traffic": 0.11,
    },
  },
  causes: {
    service: {
      blamed: 1.2,
      count: 1,
      explained: -2,
      explains: 0.45,
      first: 1,
      "kind:call": -1.6,
      "kind:crash": 2.7,
      "kind:error": -0.7,
      "kind:log": 0.4,
      "kind:net": 0.6,
      "kind:resource": 1.3,
      measures: 2.35,
      outside: -1.75,
      silent: -1.7,
      "size:call": -1,
      "size:latency": -1.7,
      "size:log": 0.7,
      "size:net": 1.4,
      "size:resource": 0.9,
      surge: -1.75,
    },
    change: {
      after: -3,
      age: -1.25,
      calledBy: 0.85,
      cosmetic: -2.2,
      far: -3,
      inert: -3,
      instant: -2.3,
      "is:commit": -0.8,
      "is:flag": -0.95,
      nearby: -1,
      off: -0.95,
      onAlerting: -0.35,
      recent: 2.45,
      text: 0.6,
      trouble: 2.05,
      undeployed: -0.8,
    },
    noChange: -0.2,
    elsewhere: -1.05,
    changed: 1.7,
    changeDistance: -2,
    sharpness: 1,
  },
};
