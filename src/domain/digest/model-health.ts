/** How a model fares where it serves: its version, the verdict of its bake, and the alerts that concern it. */
import type { Labels } from "../alert.ts";
import { bakeWord } from "../bake/view.ts";
import type { Bake } from "../bake.ts";
import type { ServingRecord } from "../serving.ts";
import { type Matcher, matchesAll } from "../suppression/matcher.ts";

/** One model in one environment; plain JSON. */
export interface ModelHealth {
  readonly model: string;
  readonly environment: string;
  /** Null when nothing serves, or nobody has looked yet. */
  readonly version: string | null;
  /** ISO 8601; null with `version`. */
  readonly since: string | null;
  /** The verdict on the version that serves, in two or three words; null when it was not watched. */
  readonly bake: string | null;
  /** The verdict asks for a person. */
  readonly isDoubtful: boolean;
  /** Firing alerts that concern it and are not muted. */
  readonly alertCount: number;
  /** Names of some of them, each once. Untrusted text. */
  readonly alertNames: readonly string[];
}

/** What a model is configured with that decides which alerts concern it. */
export interface ModelPlace {
  readonly model: string;
  readonly environment: string;
  readonly environments: readonly string[];
  readonly alerts: readonly (readonly Matcher[])[];
}

/** A firing alert that is not muted. */
export interface FiringAlert {
  readonly name: string;
  readonly labels: Labels;
}

const maxNames = 3;

/** @param record - what serves in this place, with the bake of the rollout that brought it; null for neither. */
export function healthOf(
  place: ModelPlace,
  record: Pick<ServingRecord, "version" | "since"> | null,
  bake: Bake | null,
  firing: readonly FiringAlert[],
): ModelHealth {
  const own = firing.filter((alert) => isAbout(place, alert.labels));
  const isServing = record !== null && record.version !== null;
  return {
    model: place.model,
    environment: place.environment,
    version: record?.version ?? null,
    since: isServing ? record.since.toISOString() : null,
    bake: bake === null || bake.state === "waiting" ? null : bakeWord(bake).toLowerCase(),
    isDoubtful: bake !== null && bake.answer === null && ["failed", "inconclusive"].includes(bake.state),
    alertCount: own.length,
    alertNames: [...new Set(own.map(({ name }) => name))].slice(0, maxNames),
  };
}

/** Nothing that a person should look at. */
export function isWell({ alertCount, isDoubtful }: ModelHealth): boolean {
  return alertCount === 0 && !isDoubtful;
}

/** By the configured matchers, or because it names the model; what names another environment is about that one. */
function isAbout({ model, environment, environments, alerts }: ModelPlace, labels: Labels): boolean {
  const named = labels["environment"];
  if (named !== undefined && named !== environment && environments.includes(named)) return false;
  return labels["model"] === model || alerts.some((matchers) => matchesAll(matchers, labels));
}
