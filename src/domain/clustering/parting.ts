/**
 * Which step of the correlator keeps two alerts apart although they may fit as a pair. It asks the very steps that
 * place alerts, in their order: what people ruled, pauses, the groups of a session, its strays, bridges.
 */
import { duration } from "../view.ts";
import { fitOf, type Group, rootsOfGroup } from "./agglomeration.ts";
import { type Asking, byStrength, maxCandidates, maxNear } from "./bridges.ts";
import type { Bridging } from "./bridging.ts";
import { areCopies, foldCopies } from "./copies.ts";
import type { Parting, PartingStep } from "./correlation.ts";
import type { LiveStories } from "./live-stories.ts";
import { type PartitionWeights, thresholdFor } from "./partition.ts";
import type { Roots } from "./root-votes.ts";
import { areApart, type Rulings } from "./rulings.ts";
import {
  firstOf,
  type LiveAlert,
  lastOf,
  maxSessionMembers,
  type Session,
  type Story,
  scoreWithin,
} from "./sessions.ts";
import { belonging } from "./strays.ts";
import { tellingReason } from "./telling-reason.ts";
import { signed } from "./why-not.ts";

export interface PartingOptions {
  readonly live: Pick<LiveStories, "joined" | "story">;
  readonly bridging: Pick<Bridging, "links" | "weigh">;
  readonly asking: Asking;
  /** Log-odds that two alerts belong together. */
  readonly scoreOf: (early: LiveAlert, late: LiveAlert) => number;
  readonly weights: PartitionWeights & { readonly gapMs: number };
  readonly rulings: Rulings;
  /** What an alert votes for as the root. */
  readonly rootsOf: (member: LiveAlert) => Roots;
  /** The service that a group's alerts vote for most, or null. */
  readonly topOf: (roots: Roots) => string | null;
}

/** Terms below it are not told. */
const leastTold = 0.05;

/** Makes what names the step; it keeps nothing. */
export function createParting(options: PartingOptions): (a: LiveAlert, b: LiveAlert) => Parting | null {
  const { live, bridging, weights, rulings } = options;

  function areHeldApart(some: readonly LiveAlert[], others: readonly LiveAlert[]): boolean {
    return rulings.size() > 0 && some.some((a) => others.some((b) => isHeldApart(a, b)));
  }

  function isHeldApart(a: LiveAlert, b: LiveAlert): boolean {
    return areApart(rulings.bondOf(a.key), rulings.bondOf(b.key));
  }

  /** What people ruled of either, or of alerts with either, where no other step parts them. */
  function byRuling(a: LiveAlert, b: LiveAlert): Parting | null {
    if (a.incidentId === b.incidentId) return null;
    const isRuledOn = [...(a.story?.members ?? [a]), ...(b.story?.members ?? [b])].some(
      ({ key }) => rulings.bondOf(key) !== null,
    );
    return isRuledOn
      ? parted("ruling", "people decided where it, or alerts that are with either of them, belong")
      : null;
  }

  /** Both of one session, in different stories. */
  function withinSession(a: LiveAlert, b: LiveAlert, session: Session): Parting | null {
    const groups = live.joined(session);
    const [own, there] = [groupWith(groups, a), groupWith(groups, b)];
    if (own === there) return strayOf(a, own, "it") ?? strayOf(b, own, nameOf(b));
    if (areHeldApart(own, there)) return ruledBeside;
    const names = [
      own.length === 1 ? "it" : `the ${own.length} alerts of its story`,
      there.length === 1 ? nameOf(b) : `the ${there.length} of the story there`,
    ];
    const { score, terms } = fitBetween(own, there, session);
    const because = `${names.join(" and ")} score ${signed(score)} as groups: ${terms.join(", ")}`;
    return parted("groups", because);
  }

  function strayOf(member: LiveAlert, all: readonly LiveAlert[], name: string): Parting | null {
    const group = firstsOf(all);
    if (group.length < 2) return null;
    const first = group.findIndex((one) => one === member || areCopies(one, member));
    const indices = group.map((_member, index) => index);
    const score = belonging(first, indices, group, weights.strays);
    if (score >= 0) return null;
    const others = group.length === 2 ? "the other one" : `the ${group.length - 1} others`;
    const because = `beside ${others} ${name} may as well fire by itself (${signed(score)}, and 0 is needed): its like often does, much else fires, or it began long before`;
    return parted("stray", because);
  }

  /** What joining two groups of a session scores, and its terms in words, what speaks against it first. */
  function fitBetween(some: readonly LiveAlert[], others: readonly LiveAlert[], session: Session) {
    const [own, there] = [firstsOf(some), firstsOf(others)];
    let sum = 0;
    for (const a of own) for (const b of there) sum += scoreWithin(a, b, options.scoreOf);
    const [left, right] = [groupOf(own), groupOf(there)];
    const fit = fitOf(left, right, sum, weights);
    const count = Math.min(firstsOf(session.members).length, maxSessionMembers);
    const pairs = fit.mean - thresholdFor(count, weights);
    const roots = fit.rivalRoots + fit.sharedRoot;
    const terms = [
      { score: pairs, because: "pair by pair" },
      { score: roots, because: rootsText(left, right, roots) },
      { score: fit.bulk, because: "two large groups need more to be one" },
    ]
      .filter(({ score }) => Math.abs(score) >= leastTold)
      .sort((x, y) => x.score - y.score);
    return {
      score: pairs + roots + fit.bulk,
      terms: terms.map(({ score, because }) => `${because} (${signed(score)})`),
    };
  }

  /** As a session is weighed: copies of a service count once. */
  function firstsOf(members: readonly LiveAlert[]): readonly LiveAlert[] {
    return foldCopies(members, rulings.size() > 0 ? ({ key }) => rulings.bondOf(key) !== null : null).firsts;
  }

  function groupOf(members: readonly LiveAlert[]): Group {
    const indices = members.map((_member, index) => index);
    return { members: indices, parts: members.map(options.rootsOf), roots: null };
  }

  function rootsText(left: Group, right: Group, score: number): string {
    const [own, other] = [options.topOf(rootsOfGroup(left)), options.topOf(rootsOfGroup(right))];
    if (own === null || other === null || own === other) return "their likely roots";
    return score < 0
      ? `${own} and ${other} each explain their own alerts`
      : `${own} and ${other} may share a root`;
  }

  /** Of different parts of the system. */
  function acrossParts(a: Story, b: Story): Parting | null {
    const [weak, strong] = byStrength(a, b, options.asking);
    const awayMs = Math.max(firstOf(strong) - lastOf(weak), firstOf(weak) - lastOf(strong));
    if (awayMs > weights.gapMs) return parted("pause", farText(awayMs, weights.gapMs));
    if (areHeldApart(a.members, b.members)) return ruledBeside;
    const bridge = bridging.weigh(weak, strong);
    if (bridge === null) return parted("crowd", crowdText);
    if (!bridge.isCandidate) return parted("crowd", candidatesText);
    if (bridge.score <= 0) {
      const telling = tellingReason(bridge.reasons, "against");
      const why = telling === null ? "" : `: ${telling.because} (${signed(telling.score)})`;
      return parted("bridge", `what they are part of scores ${signed(bridge.score)} as two stories${why}`);
    }
    const chosen = bridging.links.get(weak.key);
    const better = chosen === undefined ? undefined : live.story(chosen.to);
    if (chosen === undefined || better === undefined || better === strong) return null;
    const because = `the story of ${headOf(weak)} goes with that of ${headOf(better)} (${signed(chosen.score)}), and with that of ${headOf(strong)} it scores ${signed(bridge.score)}`;
    return parted("bridge", because);
  }

  function step(a: LiveAlert, b: LiveAlert): Parting | null {
    if (isHeldApart(a, b)) return parted("ruling", "people decided that they do not belong together");
    if (a.session === null || b.session === null) return null;
    const isOnePart = a.session.cell === b.session.cell;
    if (isOnePart && a.session !== b.session) return pauseBetween(a.session, b.session);
    if (a.story === null || b.story === null) return parted("unweighed", unweighedText);
    if (a.story === b.story) return null;
    return isOnePart ? withinSession(a, b, a.session) : acrossParts(a.story, b.story);
  }

  return (a, b) => step(a, b) ?? byRuling(a, b);
}

const ruledBeside: Parting = {
  step: "ruling",
  because: "people decided that alerts which are with either of them do not belong together",
};
const unweighedText = `its part of the system sends too much: of a run without a pause only the newest ${maxSessionMembers} alerts are weighed`;
const crowdText = `so much else fired then (over ${maxNear} stories nearby, or thousands of alerts) that being near in time says nothing between parts of the system`;
const candidatesText = `so many other stories went on that only the ${maxCandidates} which began last were weighed`;

function parted(step: PartingStep, because: string): Parting {
  return { step, because };
}

function farText(awayMs: number, gapMs: number): string {
  return `their stories are ${duration(awayMs)} apart, and parts of the system that do not call one another are joined within ${duration(gapMs)}`;
}

/** The two are of one part of the system. */
function pauseBetween(a: Session, b: Session): Parting {
  const [early, late] = firstOf(a) < firstOf(b) ? [a, b] : [b, a];
  const allowedMs = early.reach - lastOf(early);
  const because = `its part of the system was quiet for ${duration(firstOf(late) - lastOf(early))} in between, and after ${duration(allowedMs)} what comes is another story`;
  return parted("pause", because);
}

function groupWith(groups: readonly (readonly LiveAlert[])[], member: LiveAlert): readonly LiveAlert[] {
  return groups.find((group) => group.includes(member)) ?? [member];
}

function nameOf({ name, entity }: LiveAlert): string {
  return `${name} on ${entity ?? "no named service"}`;
}

function headOf({ members }: Story): string {
  const [head] = members;
  return head === undefined ? "nothing" : nameOf(head);
}
