/** What speaks for and against each change as the trigger of an incident, as named numbers. */

import { entityOf } from "../alert/entity.ts";
import { createServiceNames, type ServiceNames } from "../alert/service-names.ts";
import type { Alert } from "../alert.ts";
import type { Change } from "../change.ts";
import type { ServiceGraph } from "../topology.ts";
import { duration } from "../view.ts";
import {
  changedWords,
  isCosmetic,
  isInert,
  isSwitchedOff,
  readCorpus,
  similarityOf,
  speaksOfTrouble,
} from "./change-text.ts";
import type { Feature } from "./service-evidence.ts";

export interface ChangeEvidence {
  readonly change: Change;
  /** Id of the commit that a deploy carries; the two are one candidate. */
  readonly carries: string | null;
  /** The service it touched: as sent, or read from its title and paths; null when neither says. */
  readonly service: string | null;
  /** Services that a short text names although the change was made elsewhere, as flags do. */
  readonly names: readonly string[];
  readonly features: readonly Feature[];
}

/** Changes that are weighed; of more, the nearest to the alerts in calls and in time. */
const maxChanges = 300;
/** Clocks of different senders differ; a change this little after onset may still have come first. */
const clockSlackMinutes = 1;
const nearHops = 2;
/** Of a change's text that is searched for the service it touched. */
const headLength = 400;
/** Longer texts carry code, in which a name is no mention. */
const shortText = 600;

/** What all changes are judged by. */
interface Scene {
  readonly alerting: ReadonlySet<string>;
  /** Calls from the nearest alerting service, 0 to 2, of all within reach. */
  readonly distance: ReadonlyMap<string, number>;
  readonly onset: number;
  readonly names: ServiceNames;
  readonly graph: ServiceGraph;
}

/** Collects the evidence of every change in the question; a commit is judged as the deploy that carries it. */
export function weighChanges(
  alerts: readonly Alert[],
  changes: readonly Change[],
  graph: ServiceGraph,
): readonly ChangeEvidence[] {
  if (changes.length === 0) return [];
  const scene = sceneOf(alerts, changes, graph);
  const cargo = cargoOf(changes);
  const carried = new Set([...cargo.values()].map(({ id }) => id));
  const considered = nearest(
    changes.filter(({ id }) => !carried.has(id)),
    scene,
  );
  const texts = considered.map((change) => {
    const load = cargo.get(change.id);
    return new Set([...changedWords(change), ...(load === undefined ? [] : changedWords(load))]);
  });
  const corpus = readCorpus(texts, alerts);
  return considered.map((change, index) => {
    const load = cargo.get(change.id) ?? null;
    const service = placeOf(change, scene);
    const names = namedBy(change, scene);
    const text = similarityOf(texts[index] ?? new Set(), corpus);
    const features = featuresOf(change, { service, names, load, text, scene });
    return { change, carries: load?.id ?? null, service, names, features };
  });
}

/** Ids of the deploys that carry a commit, and are candidates in its place. */
export function carriersOf(commit: string, changes: readonly Change[]): readonly string[] {
  return [...cargoOf(changes)].filter(([, { id }]) => id === commit).map(([id]) => id);
}

function sceneOf(alerts: readonly Alert[], changes: readonly Change[], graph: ServiceGraph): Scene {
  const alerting = new Set(alerts.flatMap((alert) => entityOf(alert) ?? []));
  const distance = new Map<string, number>();
  for (const service of alerting) {
    distance.set(service, 0);
    for (const [other, hops] of graph.around(service, nearHops))
      distance.set(other, Math.min(hops, distance.get(other) ?? hops));
  }
  const changed = changes.flatMap(({ service }) => service ?? []);
  const names = createServiceNames(new Set([...distance.keys(), ...changed]));
  const onset = Math.min(...alerts.map((alert) => alert.startsAt.getTime()));
  return { alerting, distance, onset, names, graph };
}

/** Which commit a deploy carries: its text names the commit's id. */
function cargoOf(changes: readonly Change[]): ReadonlyMap<string, Change> {
  const commits = new Map(changes.filter((c) => c.kind === "commit").map((c) => [c.id, c]));
  const cargo = new Map<string, Change>();
  if (commits.size === 0) return cargo;
  for (const change of changes) {
    if (change.kind === "commit") continue;
    for (const word of change.text.slice(0, 2_000).split(/[^\w.-]+/)) {
      const commit = commits.get(word);
      if (commit !== undefined) cargo.set(change.id, commit);
    }
  }
  return cargo;
}

/** A flood of changes elsewhere must not push out the guilty one: what is far, or long ago, goes first. */
function nearest(changes: readonly Change[], scene: Scene): readonly Change[] {
  const cost = (change: Change) => {
    const far = change.service === null ? 1.5 : (scene.distance.get(change.service) ?? nearHops + 1);
    const lag = (scene.onset - change.at.getTime()) / 60_000;
    return far + Math.log1p(lag < -clockSlackMinutes ? -10 * lag : Math.max(0, lag));
  };
  return changes
    .map((change) => ({ change, cost: changes.length > maxChanges ? cost(change) : 0 }))
    .sort((a, b) => a.cost - b.cost || byAge(a.change, b.change))
    .slice(0, maxChanges)
    .map(({ change }) => change)
    .sort(byAge);
}

/** The newest first. */
function byAge(a: Change, b: Change): number {
  return b.at.getTime() - a.at.getTime() || (a.id < b.id ? -1 : 1);
}

function placeOf(change: Change, { names }: Scene): string | null {
  return change.service ?? names.firstIn(`${change.title} ${change.text.slice(0, headLength)}`);
}

function namedBy(change: Change, { names }: Scene): readonly string[] {
  if (change.kind === "commit" || change.text.length > shortText) return [];
  return names.allIn(`${change.title} ${change.text}`).filter((service) => service !== change.service);
}

interface Facts {
  readonly service: string | null;
  readonly names: readonly string[];
  /** The commit that a deploy carries. */
  readonly load: Change | null;
  readonly text: { readonly score: number; readonly words: readonly string[] };
  readonly scene: Scene;
}

function featuresOf(change: Change, facts: Facts): readonly Feature[] {
  const label = `${change.kind} "${change.title}"`;
  const features = [
    ...timing(label, (facts.scene.onset - change.at.getTime()) / 60_000),
    ...content(label, change, facts),
    ...place(label, facts),
  ];
  return features.filter(({ value }) => value !== 0);
}

function timing(label: string, lagMinutes: number): readonly Feature[] {
  if (lagMinutes < -clockSlackMinutes) {
    const because = `${label} came ${duration(-lagMinutes * 60_000)} after the first alert`;
    return [{ name: "after", value: 1, because }];
  }
  const lag = Math.max(0, lagMinutes);
  const { came, hadRun, hurried } = timesInWords(label, lagMinutes * 60_000);
  return [
    { name: "instant", value: Math.exp(-lag), because: hurried },
    { name: "recent", value: Math.exp(-lag / 10), because: came },
    { name: "age", value: Math.log1p(lag) / 2, because: hadRun },
  ];
}

/** @param lagMs - from the change to the first alert; below zero by no more than clocks differ. */
function timesInWords(label: string, lagMs: number) {
  const lag = duration(Math.abs(lagMs));
  const usual = "alerts usually take longer";
  const hadRun = `${label} had run for ${lag}`;
  if (Math.abs(lagMs) < 1_000) {
    const came = `${label} came together with the first alert`;
    return { came, hadRun: `${label} had only just begun to run`, hurried: `${came}, and ${usual}` };
  }
  const came = `${label} came ${lag} ${lagMs > 0 ? "before" : "after"} the first alert`;
  const hurried =
    lagMs > 0
      ? `${label} came only ${lag} before, less than alerts usually take`
      : `${came}, by clocks that may differ`;
  return { came, hadRun, hurried };
}

function content(label: string, change: Change, { load, text }: Facts): readonly Feature[] {
  const says = load ?? change;
  const isNoCode = load === null && speaksOfTrouble(change);
  const isOff = change.kind === "flag" && isSwitchedOff(change);
  return [
    { name: `is:${change.kind}`, value: 1, because: `it is a ${change.kind}` },
    {
      name: "undeployed",
      value: change.kind === "commit" ? 1 : 0,
      because: `no deploy carries ${label}`,
    },
    {
      name: "cosmetic",
      value: isCosmetic(says) ? 1 : 0,
      because: `${label} says that it changes no behaviour`,
    },
    { name: "inert", value: isInert(says) ? 1 : 0, because: `${label} touches nothing that runs` },
    { name: "trouble", value: isNoCode ? 1 : 0, because: `${label} speaks of trouble itself` },
    { name: "off", value: isOff ? 1 : 0, because: `${label} switched something off` },
    {
      name: "text",
      value: text.score * 2,
      because: `it speaks of ${text.words.join(", ")}, as the alerts do`,
    },
  ];
}

function place(label: string, { service, scene }: Facts): readonly Feature[] {
  const { alerting, distance, graph } = scene;
  if (service === null) return [{ name: "placeless", value: 1, because: `${label} names no service` }];
  if (alerting.has(service)) return [{ name: "onAlerting", value: 1, because: `${service} is alerting` }];
  const hops = distance.get(service) ?? nearHops + 1;
  const hurt = [...graph.callers(service)].filter((caller) => alerting.has(caller)).length;
  return [
    { name: "near", value: hops === 1 ? 1 : 0, because: `${service} is next to an alerting service` },
    {
      name: "nearby",
      value: hops === 2 ? 1 : 0,
      because: `${service} is two calls from an alerting service`,
    },
    {
      name: "far",
      value: hops > nearHops ? 1 : 0,
      because: `${service} is far from every alerting service`,
    },
    {
      name: "calledBy",
      value: hurt > 0 ? 1 : 0,
      because: `${hurt} alerting ${hurt === 1 ? "service calls" : "services call"} ${service}`,
    },
  ];
}
