import { defineSignal, type SeenAlert } from "../clustering/signal.ts";
import { sharedStepMs } from "../clustering/time-step.ts";

const burstMs = 2_000;
const burst = 1.65;
const whileFiring = -1.15;
const firingPerMinute = -0.12;
const afterEnd = -1.8;
const endedPerMinute = -0.45;
const lowest = -5;

/** True when the earlier alert had not ended when the later one began. */
function isStillFiring(early: SeenAlert, late: SeenAlert): boolean {
  return early.endsAt === null || early.endsAt >= late.at;
}

/** Alerts that began in the same breath belong together; one that begins after the other ended hardly does. */
export default defineSignal({
  name: "onset-lag",
  summary: "How long after one another the alerts began, and whether the first still fired.",
  isSymmetric: false,
  range: [lowest, burst],
  score(a, b) {
    const lagMs = Math.abs(b.at - a.at);
    if (lagMs <= burstMs) return burst;
    const minutes = Math.max(0, (lagMs - sharedStepMs(a.at, b.at)) / 60_000 - 1);
    const score = isStillFiring(a, b)
      ? whileFiring + firingPerMinute * minutes
      : afterEnd + endedPerMinute * minutes;
    return Math.max(lowest, score);
  },
  because(a, b) {
    const lag = Math.abs(b.at - a.at) / 1000;
    if (lag * 1000 <= burstMs) return "they began at the same time";
    const state = isStillFiring(a, b) ? "while the first still fired" : "after the first had ended";
    return `they began ${Math.round(lag)} s apart, ${state}`;
  },
});
