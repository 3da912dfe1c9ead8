/** From what our own checks measured to a report like anybody else's. */

import type { Judged, Judgement } from "./judge-profile.ts";
import type { CheckName } from "./measured.ts";
import type { ModelFinding, ModelPerformance, ModelReport } from "./report.ts";

const names: Readonly<Record<CheckName, string>> = {
  psi: "PSI",
  jensen_shannon: "Jensen-Shannon",
  kolmogorov_smirnov: "Kolmogorov-Smirnov",
  wasserstein: "Wasserstein",
  null_rate: "null rate",
  unseen_categories: "unseen categories",
  out_of_range: "out of range",
  volume: "volume",
  prediction_rate: "prediction rate",
  performance: "performance",
};
const schemaNames = { missing: "missing feature", new: "new feature", kind: "kind of values" } as const;

/** Null when nothing at all could be measured: that is no report, least of all a good one. */
export function reportJudgement(
  judgement: Judgement,
  about: { readonly model: string; readonly environment: string; readonly at: Date; readonly looked: number },
): ModelReport | null {
  const { judged, schema, unsaid } = judgement;
  if (judged.length === 0 && schema.length === 0) return null;
  const drift = judged.filter((one) => one.isFinding && one.check !== "performance");
  return {
    ...about,
    monitor: "tocsin",
    findings: [...schema.map(schemaFinding), ...drift.map(findingOf)],
    performance: performanceOf(judgement),
    unsaid: unsaid.map(
      ({ feature, check, because }) => `${feature ?? "the model"} (${names[check]}): ${because}`,
    ),
  };
}

function schemaFinding({ feature, change, text }: Judgement["schema"][number]): ModelFinding {
  return { feature, check: schemaNames[change], value: null, limit: null, n: null, detail: text };
}

function findingOf({ feature, check, value, limit, m }: Judged): ModelFinding {
  // Volume is measured on a scale of ratios.
  const [shown, bound] = check === "volume" ? [Math.exp(value), Math.exp(limit)] : [value, limit];
  const detail = check === "volume" ? "times more or fewer rows than usual" : "";
  return { feature, check: names[check], value: shown, limit: bound, n: m, detail };
}

function performanceOf({ judged, estimate }: Judgement): readonly ModelPerformance[] {
  if (estimate === null) return [];
  const { metric, value, reference, low, high, lossRatio } = estimate;
  const isWorse = judged.some((one) => one.check === "performance" && one.isFinding);
  return [{ metric, basis: "measured", value, reference, interval: [low, high], isWorse, lossRatio }];
}
