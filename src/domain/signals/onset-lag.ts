import { defineSignal } from "../signal.ts";

const burstMs = 2_000;
const burst = 1.65;
const within = -1.4;
const perMinute = -0.45;
const lowest = -5;

/** Alerts that began in the same breath belong together; the longer the lag, the less. */
export default defineSignal({
  name: "onset-lag",
  summary: "How long after one another the alerts began.",
  isSymmetric: true,
  range: [lowest, burst],
  score(a, b) {
    const lagMs = Math.abs(b.at - a.at);
    if (lagMs <= burstMs) return burst;
    return Math.max(lowest, within + perMinute * Math.max(0, lagMs / 60_000 - 1));
  },
  because(a, b) {
    const lag = Math.abs(b.at - a.at) / 1000;
    return lag * 1000 <= burstMs ? "they began at the same time" : `they began ${Math.round(lag)} s apart`;
  },
});
