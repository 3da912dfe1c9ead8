/** Whether confidence means what it says: of the answers given with 70 %, are 70 % right? */
import type { ReplayedIncident } from "../../../src/app/replay.ts";
import type { Cause } from "../../../src/domain/clustering/correlation.ts";
import type { Truth } from "../similar-cases.ts";

/** The first named answer for one incident of the truth. */
export interface Answer {
  readonly confidence: number;
  readonly isRight: boolean;
}

export interface Bin {
  readonly from: number;
  readonly count: number;
  /** Mean of the confidences, and share of right answers. */
  readonly confidence: number;
  readonly right: number;
}

const bins = 10;

/** First answers to all incidents with a known root; the change, where one is known, has to be right too. */
export function answersOf(incidents: readonly ReplayedIncident[], truth: Truth): readonly Answer[] {
  return Object.entries(truth.incidents).flatMap(([id, { services, change }]): Answer[] => {
    const first = judgedBy(id, incidents, truth)?.causes.find(({ service }) => service !== null);
    if (first === undefined || services.length === 0) return [];
    const isService = services.includes(first.service ?? "");
    const isChange = change === null || sameChange(first, change, truth);
    return [{ confidence: first.confidence, isRight: isService && isChange }];
  });
}

function sameChange({ changeId }: Cause, change: string, { aliases }: Truth): boolean {
  const answer = changeId ?? "none";
  return (aliases[answer] ?? answer) === (aliases[change] ?? change);
}

/** Answers by confidence, ten bins, the empty ones left out. */
export function binned(answers: readonly Answer[]): readonly Bin[] {
  return Array.from({ length: bins }, (_, bin) => {
    const within = answers.filter(
      ({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)) === bin,
    );
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      from: bin / bins,
      count: within.length,
      confidence: mean(within.map(({ confidence }) => confidence)),
      right: mean(within.map(({ isRight }) => (isRight ? 1 : 0))),
    };
  }).filter(({ count }) => count > 0);
}

/** Mean distance of confidence from the share of right answers, over bins by their size; 0 is perfect. */
export function calibrationError(answers: readonly Answer[]): number {
  const off = binned(answers).map(({ count, confidence, right }) => count * Math.abs(confidence - right));
  return off.reduce((sum, value) => sum + value, 0) / Math.max(1, answers.length);
}

/** As the scorer chooses: the incident with most of its alerts; of two alike the smaller, then the earlier. */
export function judgedBy(
  id: string,
  incidents: readonly ReplayedIncident[],
  { alerts }: Truth,
): ReplayedIncident | null {
  const start = ({ alerts: own }: ReplayedIncident) => own[0]?.alert.startsAt.getTime() ?? 0;
  const [best] = incidents
    .map((incident) => ({
      incident,
      shared: incident.alerts.filter(({ name }) => alerts[name] === id).length,
    }))
    .filter(({ shared }) => shared > 0)
    .sort(
      (a, b) =>
        b.shared - a.shared ||
        a.incident.alerts.length - b.incident.alerts.length ||
        start(a.incident) - start(b.incident),
    );
  return best?.incident ?? null;
}
