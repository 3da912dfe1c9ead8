import { nothingSet, type PastSettings, type ReplayedRules } from "../../../src/app/replay/rules.ts";
import { shippedFlapping } from "../../../src/domain/suppression/flapping.ts";

/** As without a tocsin.yaml: everything in the console, nothing muted. */
export function rulesOf(given: Partial<ReplayedRules> = {}, past: Partial<PastSettings> = {}): ReplayedRules {
  return {
    inhibition: [],
    flapping: shippedFlapping,
    timeoutMs: () => 12 * 3_600_000,
    windows: [],
    routes: [{ to: "console:incidents", match: [] }],
    ownChannels: [],
    past: { ...nothingSet, ...past },
    ...given,
  };
}
