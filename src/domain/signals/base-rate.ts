import { defineSignal, type SeenAlert, type SignalContext } from "../clustering/signal.ts";

const weight = -0.28;
/** Log of the firings per hour at which the rate says nothing: about one a day. */
const neutral = -3;
/** Imagined watching before the first alert, so that a fresh start knows no rates. */
const priorHours = 12;
const priorFirings = 0.5;

function logRate(seen: SeenAlert, at: number, context: SignalContext): number {
  const { count, hours } = context.history.firings(seen.type, at);
  return Math.log((count + priorFirings) / (hours + priorHours));
}

/** An alert that fires all the time was about to fire anyway. */
export default defineSignal({
  name: "base-rate",
  summary: "Alerts that fire all the time join less easily than rare ones.",
  isSymmetric: true,
  range: [-2, 2],
  score(a, b, context) {
    const at = Math.min(a.at, b.at);
    const busier = Math.max(logRate(a, at, context), logRate(b, at, context));
    return Math.min(2, Math.max(-2, weight * (busier - neutral)));
  },
  because(a, b, context) {
    const at = Math.min(a.at, b.at);
    const busier = logRate(a, at, context) >= logRate(b, at, context) ? a : b;
    const { count } = context.history.firings(busier.type, at);
    const name = `${busier.name} on ${busier.entity ?? "no named service"}`;
    const often = count === 1 ? "had fired once" : `had fired ${count} times`;
    // History is not asked for what is younger: a story in the making must not vouch for itself.
    return `${name} ${count === 0 ? "had not fired" : often} in the day until 10 min before`;
  },
});
