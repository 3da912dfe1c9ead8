/** What judgement has to reach on the benchmark's dev split, and whether it does. */
import { type Column, columns, type Scored, type Scores } from "./scores.ts";

export interface Requirement {
  readonly set: string;
  readonly column: Column;
  readonly least: number;
}

function atLeast(set: string, least: Scores): readonly Requirement[] {
  return columns.flatMap((column) => {
    const value = least[column];
    return value === undefined ? [] : [{ set, column, least: value }];
  });
}

/** The held-out split is judged within 0.05 of these. */
export const requirements: readonly Requirement[] = [
  ...atLeast("nezha-cross", { ARI: 0.92 }),
  ...atLeast("nezha-mixed", { ARI: 0.83, "AC@1": 0.68 }),
  ...atLeast("nezha-same", { ARI: 0.58, "AC@1": 0.55 }),
  ...atLeast("nezha-seq", { ARI: 0.92 }),
  ...atLeast("nezha-single", { "AC@1": 0.72, "AC@3": 0.88 }),
  ...atLeast("petshop", { "AC@1": 0.62, "pair R": 0.8 }),
  ...atLeast("itbench", { "AC@1": 0.72 }),
  ...atLeast("rootcausebench", { "change@1": 0.7, "change@3": 0.95, "no-change": 2 / 3 }),
];

/** Expected calibration error allowed, by group of sets. */
export const mostCalibrationError: ReadonlyMap<string, number> = new Map([["streams", 0.1]]);

export interface Verdict extends Requirement {
  readonly value: number | null;
  readonly isMet: boolean;
}

/** Scores are shown with three decimals; what differs by less is the same. */
const tolerance = 0.0005;

/** Each requirement; and that a set with a `namespace` label does no worse than its streams do without. */
export function judge({ sets, recordings }: Pick<Scored, "sets" | "recordings">): readonly Verdict[] {
  const labelled = [...sets.keys()].filter((set) => set.endsWith("-ns"));
  const asHidden = labelled.flatMap((set): Requirement[] => {
    const names = [...recordings.keys()].filter((name) => name.startsWith(`${set}/`));
    const hidden = names.flatMap((name) => recordings.get(name.replace("-ns/", "/")) ?? []);
    const mean = hidden.reduce((sum, ari) => sum + ari, 0) / hidden.length;
    return hidden.length === 0 ? [] : [{ set, column: "ARI", least: mean - tolerance }];
  });
  return [...requirements, ...asHidden].map((requirement) => {
    const value = sets.get(requirement.set)?.[requirement.column] ?? null;
    return { ...requirement, value, isMet: value !== null && value >= requirement.least - 1e-9 };
  });
}
