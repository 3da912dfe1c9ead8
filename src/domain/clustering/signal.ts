import type { EvidenceKind } from "../alert/evidence-kind.ts";
import type { Alert } from "../alert.ts";
import type { Change } from "../change.ts";
import type { ServiceGraph } from "../topology.ts";
import type { CoFirings } from "./co-firing-counts.ts";
import type { History } from "./history.ts";

/** What clustering keeps of an alert's report: the rest of it would only take room. */
export interface KeptReport
  extends Pick<Alert, "name" | "service" | "source" | "severity" | "summary" | "labels" | "annotations"> {
  /** When it ended, ms; null while that is not known. */
  readonly endsAt: number | null;
}

/** An alert as its latest report describes it, with what clustering reads from it, prepared once. */
export interface SeenAlert extends KeptReport {
  readonly key: string;
  /** When it began, ms. */
  readonly at: number;
  /** What fires again and again under one name; see ../alert/type.ts. */
  readonly type: string;
  /** The service it is about, or null. */
  readonly entity: string | null;
  /** The topology component of the entity, or null. */
  readonly component: string | null;
  readonly kind: EvidenceKind;
  /** How far its value is from the usual one, by its first report; see ../alert/evidence-kind.ts. */
  readonly magnitude: number | null;
  /** Other services that it names: the far end of a call, or a service in its text. */
  readonly names: readonly string[];
}

/** What a signal may look at besides the two alerts. Never changed by a signal. */
export interface SignalContext {
  readonly graph: ServiceGraph;
  /** What fired before; asked only for times before both alerts, so that the order of arrival does not matter. */
  readonly history: Readonly<History>;
  /** Recent changes, oldest first. */
  readonly changes: readonly Change[];
  /** What fired together over weeks, before the history begins; learned, empty at first. */
  readonly coFirings: CoFirings;
}

/**
 * One scored reason for two alerts to belong together. One file in `signals/`, default export, name = file name.
 * Pure and quick: it runs for every pair of alerts that are near in time.
 */
export interface Signal {
  readonly name: string;
  /** One line for docs and /why. */
  readonly summary: string;
  /** True when the order of the two alerts does not matter; otherwise `a` started first. */
  readonly isSymmetric: boolean;
  /** Smallest and largest score, in log-odds. */
  readonly range: readonly [number, number];
  /** Log-odds for "same incident", or null when it has nothing to say; a missing attribute is never a reason to join. */
  score(a: SeenAlert, b: SeenAlert, context: SignalContext): number | null;
  /** The same in one plain sentence, with the values that mattered. Only called when `score` was not null. */
  because(a: SeenAlert, b: SeenAlert, context: SignalContext): string;
}

/** Types a signal file: `export default defineSignal({ ... })`. */
export function defineSignal(signal: Signal): Signal {
  return signal;
}
