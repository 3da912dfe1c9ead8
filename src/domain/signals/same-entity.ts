import { defineSignal } from "../clustering/signal.ts";

const same = 1.55;

/** Alerts on one service. */
export default defineSignal({
  name: "same-entity",
  summary: "Both alerts are about the same service.",
  isSymmetric: true,
  range: [same, same],
  score: (a, b) => (a.entity !== null && a.entity === b.entity ? same : null),
  because: (a) => `both are about ${a.entity}`,
});
