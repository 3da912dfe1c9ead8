/** The tables of the judgement bench, as Markdown. */
import { type Answer, binned, calibrationError } from "./reliability.ts";
import { judge } from "./requirements.ts";
import { columns, type Scored, type Scores } from "./scores.ts";

/** Every set's numbers, each with the best simple rule's beside it. */
export function scoresTable(
  sets: ReadonlyMap<string, Scores>,
  baselines: ReadonlyMap<string, Scores>,
): string {
  const rows = [...sets].sort(byName).map(([set, scores]) => {
    const cells = columns.map((column) => {
      const value = scores[column];
      const simple = baselines.get(set)?.[column];
      // Alerts per incident are no contest.
      const beside = simple === undefined || column === "compr." ? "" : ` (${simple.toFixed(2)})`;
      return value === undefined ? "" : `${value.toFixed(3)}${beside}`;
    });
    return [set, ...cells];
  });
  return table(["set", ...columns], rows);
}

/** What is required, what there is, and the best simple rule. */
export function requirementsTable(
  scored: Pick<Scored, "sets" | "recordings">,
  baselines: ReadonlyMap<string, Scores>,
): string {
  const rows = judge(scored).map(({ set, column, least, value, isMet }) => [
    set,
    column,
    least.toFixed(3),
    value === null ? "-" : value.toFixed(3),
    baselines.get(set)?.[column]?.toFixed(3) ?? "-",
    isMet ? "met" : "MISSED",
  ]);
  return table(["set", "number", "required", "ours", "best simple rule", ""], rows);
}

/**
 * Confidence against the share of right answers, and the expected calibration error, by group of sets.
 * @param most - error allowed, by group; the others are for information.
 */
export function reliabilityTable(
  groups: ReadonlyMap<string, readonly Answer[]>,
  most: ReadonlyMap<string, number>,
): string {
  return [...groups]
    .map(([name, answers]) => {
      const rows = binned(answers).map(({ from, confidence, right, count }) => [
        `${from.toFixed(1)} to ${(from + 0.1).toFixed(1)}`,
        confidence.toFixed(2),
        right.toFixed(2),
        String(count),
      ]);
      const error = calibrationError(answers);
      const limit = most.get(name);
      const mark =
        limit === undefined ? "" : ` (at most ${limit.toFixed(3)}: ${error <= limit ? "met" : "MISSED"})`;
      const verdict = `expected calibration error ${error.toFixed(3)}${mark}`;
      return `${name}: ${answers.length} answers, ${verdict}\n${table(["said", "confidence", "right", "n"], rows)}`;
    })
    .join("\n\n");
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
