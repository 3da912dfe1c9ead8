/** Says in scored sentences why alerts are, or are not, of one incident. Written out only for what is sent. */
import { fitOf, type Group, rootsOfGroup } from "./agglomeration.ts";
import { type Asking, byStrength, noSurroundings, reasonsAcross } from "./bridges.ts";
import type { Company } from "./company.ts";
import { areCopies, foldCopies } from "./copies.ts";
import type { Comparison, Reason } from "./correlation.ts";
import type { Move, Turn } from "./incident-numbers.ts";
import { isBefore } from "./pair-scores.ts";
import { type PartitionWeights, thresholdFor } from "./partition.ts";
import type { Roots } from "./root-votes.ts";
import { areApart, type Rulings } from "./rulings.ts";
import { type LiveAlert, type Session, type Story, scoreWithin, weighedOf } from "./sessions.ts";
import type { Signal } from "./signal.ts";
import type { Links } from "./story-index.ts";
import { belongingOfTwo } from "./strays.ts";
import { signed } from "./why-not.ts";

export interface GroupingReasons {
  ofMove(move: Move): readonly Reason[];
  ofSplit(turn: Turn): readonly Reason[];
  compare(a: LiveAlert, b: LiveAlert): Comparison;
}

export interface GroupingReasonsOptions {
  readonly signals: readonly Signal[];
  readonly asking: Asking;
  readonly weights: PartitionWeights;
  readonly rulings: Rulings;
  readonly links: () => Links;
  /** Log-odds that two alerts belong together. */
  readonly scoreOf: (early: LiveAlert, late: LiveAlert) => number;
  /** What an alert votes for as the root. */
  readonly rootsOf: (member: LiveAlert) => Roots;
  /** The service that a group's alerts vote for most, or null. */
  readonly topOf: (roots: Roots) => string | null;
}

const maxReasons = 6;
const alone: readonly Reason[] = [
  { signal: "alone", score: 0, because: "when it came, nothing near it in time fitted it" },
];
const aloneNow: readonly Reason[] = [
  { signal: "alone", score: 0, because: "with all that came since, it no longer fits what it was with" },
];
/** Log-odds shown for a ruling; it counts whatever the others sum up to. */
export const ruledScore = 10;
/** Log-odds shown for copies of one service, which are one whatever else their alerts score. */
const copyScore = 9;

/** Makes what explains groupings; it keeps nothing. */
export function createGroupingReasons(options: GroupingReasonsOptions): GroupingReasons {
  const { signals, asking, weights, rulings, links } = options;
  const { context } = asking;

  function pairScore(a: LiveAlert, b: LiveAlert): number {
    return isBefore(a, b) ? options.scoreOf(a, b) : options.scoreOf(b, a);
  }

  function ofPair(a: LiveAlert, b: LiveAlert): Reason[] {
    const [early, late] = isBefore(a, b) ? [a, b] : [b, a];
    const reasons: Reason[] = [];
    for (const signal of signals) {
      const score = signal.score(early, late, context);
      if (score === null) continue;
      const weighted = score * (asking.weights.signals[signal.name] ?? 1);
      reasons.push({ signal: signal.name, score: weighted, because: signal.because(early, late, context) });
    }
    return reasons;
  }

  /** Why an alert is by itself. */
  function aloneReasons(member: LiveAlert, left: number | null): readonly Reason[] {
    const stray = strayReason(member);
    if (stray !== null) return [stray];
    return left === null ? alone : aloneNow;
  }

  /** It fits another of its session, but one of the two says too little by itself; null where that is not so. */
  function strayReason(member: LiveAlert): Reason | null {
    const { session } = member;
    if (session === null || session.members.length === 1) return null;
    const partner = bestPartner(member, session);
    if (partner === null) return null;
    const score = scoreWithin(member, partner, options.scoreOf);
    if (score <= thresholdFor(countOf(session), weights)) return null;
    const [early, late] = isBefore(member, partner) ? [member, partner] : [partner, member];
    const belonging = belongingOfTwo(early, late, weights.strays);
    if (belonging >= 0) return null;
    const because = `it fits ${partner.name} on ${partner.entity ?? "no named service"} (${signed(score)}), but one of them may as well fire by itself: its like often does, much else fires, or it began long before`;
    return { signal: "stray", score: belonging, because };
  }

  function isRuledOn({ key }: LiveAlert): boolean {
    return rulings.bondOf(key) !== null;
  }

  /** How many alerts of a session were weighed against one another: copies count as one. */
  function countOf(session: Session): number {
    return firstsOf(weighedOf(session)).length;
  }

  function firstsOf(members: readonly LiveAlert[]): readonly LiveAlert[] {
    return foldCopies(members, isRuledOn).firsts;
  }

  function areOne(a: LiveAlert, b: LiveAlert): boolean {
    return a.session === b.session && areCopies(a, b) && !isRuledOn(a) && !isRuledOn(b);
  }

  /** That two alerts are of copies of one service, if so. */
  function copyReason(a: LiveAlert, b: LiveAlert): Reason[] {
    if (!areOne(a, b)) return [];
    const because = `they differ only in which copy of ${a.entity} fires`;
    return [{ signal: "copies", score: copyScore, because }];
  }

  function groupOf(members: readonly LiveAlert[]): Group {
    return {
      members: members.map((_member, index) => index),
      parts: members.map(options.rootsOf),
      roots: null,
    };
  }

  /** What people said of an alert and those it came to, if they did. */
  function ruledWithin(member: LiveAlert, company: Company): Reason[] {
    const bond = rulings.bondOf(member.key);
    if (bond === null) return [];
    const isBound = company.some(({ members }) =>
      members.some((other) => other !== member && rulings.bondOf(other.key) === bond),
    );
    if (isBound) return [ruled("together", "people decided that it belongs with others of this incident")];
    if (bond.sides.size === 0) return [];
    return [ruled("apart", "people decided that it does not belong with alerts of another incident")];
  }

  /** What people said of an alert that left others, if they did. */
  function ruledApart({ key }: LiveAlert): Reason[] {
    const isApart = (rulings.bondOf(key)?.sides.size ?? 0) > 0;
    return isApart ? [ruled("apart", "people decided that they do not belong together")] : [];
  }

  /** Whom an alert came to: the copy that stands for it, or what fits it best; another copy only where nothing else is. */
  function bestPartner(member: LiveAlert, { members }: Pick<Story, "members">): LiveAlert | null {
    let best: LiveAlert | null = null;
    let bestScore = Number.NEGATIVE_INFINITY;
    let copy: LiveAlert | null = null;
    for (const other of members) {
      // Who has no story is weighed no more.
      if (other === member || other.story === null) continue;
      if (areOne(other, member)) {
        if (isBefore(other, member)) return other;
        copy ??= other;
        continue;
      }
      const score = scoreWithin(member, other, options.scoreOf);
      if (score > bestScore) [best, bestScore] = [other, score];
    }
    return best ?? copy;
  }

  /** What separates the alerts that left from those that stayed, both of one session. */
  function ofGroups(gone: readonly LiveAlert[], staying: readonly LiveAlert[]): Reason[] {
    const [those, these] = [firstsOf(gone), firstsOf(staying)];
    let sum = 0;
    for (const a of those) for (const b of these) sum += pairScore(a, b);
    const [left, right] = [groupOf(those), groupOf(these)];
    const fit = fitOf(left, right, sum, weights);
    const threshold = thresholdFor(those.length + these.length, weights);
    const [own, other] = [options.topOf(rootsOfGroup(left)), options.topOf(rootsOfGroup(right))];
    const roots = `${own ?? "nothing in particular"} is the likeliest root of those that left, ${other ?? "nothing in particular"} of those that stayed`;
    return [
      {
        signal: "pairs",
        score: fit.mean,
        because: `the ${gone.length} that left and the ${staying.length} that stayed score ${signed(fit.mean)} on average, pair by pair`,
      },
      { signal: "roots", score: fit.rivalRoots + fit.sharedRoot, because: roots },
      { signal: "bulk", score: fit.bulk, because: "two large groups need more to be one than a stray does" },
      thresholdReason(threshold),
    ].filter(({ score }) => score !== 0);
  }

  return {
    ofMove({ member, company, from }) {
      const story = member.story;
      // Most alerts, by far: there is little to be said of them.
      if (story?.members.length === 1 && company.length === 1 && rulings.size() === 0)
        return aloneReasons(member, from);
      const spoken = story === null || company.length < 2 ? undefined : links().get(story.key);
      const reasons: Reason[] = [];
      if (rulings.size() > 0)
        for (const reason of ruledWithin(member, company)) insertReason(reasons, reason);
      for (const reason of spoken?.reasons() ?? []) insertReason(reasons, reason);
      const partner = story === null ? null : bestPartner(member, story);
      if (partner !== null) {
        const whom = `with ${partner.name} on ${partner.entity ?? "no named service"}`;
        for (const { signal, score, because } of [...copyReason(member, partner), ...ofPair(member, partner)])
          insertReason(reasons, { signal, score, because: `${whom}: ${because}` });
      }
      return reasons.length === 0 ? aloneReasons(member, from) : reasons;
    },
    ofSplit({ from, into, move: { member } }) {
      const members = member.session?.members ?? [];
      const gone = members.filter(({ incidentId, story }) => incidentId === into && story !== null);
      const staying = members.filter(({ incidentId, story }) => incidentId === from && story !== null);
      const said = ruledApart(member);
      if (gone.length > 0 && staying.length > 0) return [...said, ...ofGroups(gone, staying)];
      const because = "nothing bridges these parts of the system any more";
      return said.length > 0 ? said : [{ signal: "bridge", score: 0, because }];
    },
    compare(a, b) {
      const reasons = compareBy(a, b);
      return { score: reasons.reduce((sum, { score }) => sum + score, 0), reasons };
    },
  };

  function compareBy(a: LiveAlert, b: LiveAlert): Reason[] {
    const [left, right] = [rulings.bondOf(a.key), rulings.bondOf(b.key)];
    const said =
      left !== null && left === right
        ? [ruled("together", "people decided that they belong together")]
        : areApart(left, right)
          ? [ruled("apart", "people decided that they do not belong together")]
          : [];
    if (a.story !== null && b.story !== null && a.story.cell !== b.story.cell) {
      const [weak, strong] = byStrength(a.story, b.story, asking);
      return [...said, ...reasonsAcross(weak, strong, noSurroundings, asking)];
    }
    const count = a.session !== null && a.session === b.session ? countOf(a.session) : 2;
    return [...said, ...copyReason(a, b), ...ofPair(a, b), thresholdReason(thresholdFor(count, weights))];
  }
}

/** Keeps the reasons that count most, in order; of equal ones those that came first. */
function insertReason(reasons: Reason[], reason: Reason): void {
  let place = reasons.length;
  while (place > 0 && Math.abs(reasons[place - 1]?.score ?? 0) < Math.abs(reason.score)) place -= 1;
  if (place >= maxReasons) return;
  reasons.splice(place, 0, reason);
  if (reasons.length > maxReasons) reasons.pop();
}

function ruled(kind: "together" | "apart", because: string): Reason {
  return { signal: "ruling", score: kind === "together" ? ruledScore : -ruledScore, because };
}

function thresholdReason(threshold: number): Reason {
  const because = `groups are joined when they score above ${threshold.toFixed(2)} on average`;
  return { signal: "threshold", score: -threshold, because };
}
