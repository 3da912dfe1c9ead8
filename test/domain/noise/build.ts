import type { RuleFacts } from "../../../src/domain/noise/noise.ts";

const never = [0, 0, 0, 0, 0, 0, 0];

/** A rule of forty notifications on which people act, and which lasts. */
export function buildRule(given: Partial<RuleFacts> = {}): RuleFacts {
  return {
    name: "HighErrorRate",
    source: "alertmanager",
    sender: "alertmanager",
    team: "payments",
    teamFrom: "team",
    firings: 40,
    notified: 40,
    mattered: 40,
    matteredOfName: given.mattered ?? 40,
    alerts: 3,
    incidents: 30,
    returned: 0,
    pauseMs: null,
    lastedMs: 3_600_000,
    endedWithin: { mattered: never, idle: never },
    ...given,
  };
}
