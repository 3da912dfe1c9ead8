/** What is asked of two stories of different parts of the system, and the sentences that tell of it. */
import { type HubCall, hubCallOf } from "./hub-callers.ts";
import { maxPairs } from "./nearest-pairs.ts";
import { firstOf, type Story } from "./sessions.ts";
import type { SignalContext } from "./signal.ts";

/** Length of the window in which unrelated alerts are expected. */
const windowMinutes = 4;

/** What the features of two stories are made of, and their sentences tell. */
export interface Facts {
  readonly lagMs: number;
  /** Alerts of the stronger story. */
  readonly alerts: number;
  /** Firings, in the last day, of what fires most of the weaker one. */
  readonly busiest: number;
  /** Of the last day, those that were watched. */
  readonly hours: number;
  /** Unrelated alerts expected in the window. */
  readonly noise: number;
  /** The service of the weaker one, how often it fired, and how often with the other's part. */
  readonly entity: string | null;
  readonly firings: number;
  readonly together: number;
  /** Whether the stronger story is of a hub that the weaker one calls. */
  readonly hubCall: HubCall | null;
}

/** By feature. */
export const sentences: Readonly<Record<string, (facts: Facts) => string>> = {
  base: () => "nothing in the service graph ties them",
  near: ({ lagMs }) =>
    lagMs < 1_000 ? "they began within a second" : `they began ${Math.round(lagMs / 1000)} s apart`,
  burst: () => "they began at the same time",
  size: ({ alerts }) => `the other story has ${alerts} alerts`,
  thin: () => "the other is a single alert",
  rate: ({ busiest }) => `it fired ${busiest} times in the last day`,
  quiet: ({ noise }) =>
    noise < 0.05
      ? `hardly any unrelated alert is usual in ${windowMinutes} min`
      : `about ${noise.toFixed(1)} unrelated alerts are usual in ${windowMinutes} min`,
  affinity: ({ entity, firings, together }) =>
    `of ${firings} times that ${entity} fired, ${together.toFixed(1)} fall to that part of the system`,
  alike: ({ entity }) => `the name ${entity} is more like those of another part of the system`,
  group: () => "both are stories of their own",
  apart: () => "the service graph knows both and does not tie them",
  hub: ({ hubCall }) =>
    `${hubCall?.caller} calls ${hubCall?.hub}, as much of the system does, which was in trouble itself by then`,
};

const neverFired = { firings: 0, together: 0 };

/** @param lagMs - between the two alerts that began nearest to one another. */
export function factsOf(story: Story, other: Story, lagMs: number, context: SignalContext): Facts {
  const { history } = context;
  const at = Math.min(firstOf(story), firstOf(other));
  let busiest = 0;
  for (let index = 0; index < Math.min(maxPairs, story.members.length); index += 1)
    busiest = Math.max(busiest, history.firings(story.members[index]?.type ?? "", at).count);
  const { hours } = history.firings("", at);
  const noise = (history.alertsPerHour(at) * windowMinutes) / 60;
  const entity = story.members[0]?.entity ?? null;
  const component = other.members[0]?.component ?? null;
  const { firings, together } =
    entity === null || component === null ? neverFired : history.affinity(entity, component, at);
  const hubCall = hubCallOf(story, other, context);
  return { lagMs, alerts: other.members.length, busiest, hours, noise, entity, firings, together, hubCall };
}
