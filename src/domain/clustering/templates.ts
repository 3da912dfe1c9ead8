/**
 * Mines templates from messages: Drain, a tree of fixed depth (number of words, then the first words) whose leaves hold a
 * few templates each; a message joins the one most like it, which then forgets the words in which they differ.
 *
 * What is promised: the same messages in the same order always give the same templates; messages of different numbers of
 * words never share one; a template keeps at least half of its words, so that what it took in still fits it. What is
 * not: as in any one-pass mining, where kinds of messages are much alike, another order may draw the line elsewhere.
 * @see https://doi.org/10.1109/ICWS.2017.13
 */
import { maskedWords, wildcard } from "../text/mask.ts";

export interface Template {
  /** The same for as long as these templates live; never given twice. */
  readonly id: number;
  /** Its words, with `<*>` for what differs. */
  readonly text: string;
  /** Its words when it was new: they never change. */
  readonly first: string;
  /** Messages it has taken in. */
  readonly count: number;
}

export interface Templates {
  /** The template that a message belongs to, and learns from it. */
  learn(message: string): Template;
  /** The template that a message would belong to, or null when it would be the first of its own. */
  find(message: string): Template | null;
  size(): number;
  /** Templates let go to keep within the limit. */
  dropped(): number;
  /** Words that were learned as what differs because their branch was full. */
  crowded(): number;
}

/** Words that lead to a leaf, after the number of words. */
const depth = 2;
/** Different words at one branch; further ones share the branch of what differs. */
const maxBranches = 100;
/** Share of words that must be equal. */
const leastAlike = 0.5;

interface Cluster {
  readonly id: number;
  readonly leaf: string;
  readonly first: string;
  words: readonly string[];
  count: number;
}

/** @param max - most templates; the one not used for longest goes first. */
export function createTemplates(max: number): Templates {
  /** In order of last use. */
  const clusters = new Map<number, Cluster>();
  const leaves = new Map<string, Cluster[]>();
  const branches = new Map<string, Set<string>>();
  let nextId = 1;
  let dropped = 0;
  let crowded = 0;

  /** The leaf for some words; branches that are new grow only while learning. */
  function leafOf(words: readonly string[], isLearning: boolean): string {
    let at = String(words.length);
    for (const word of words.slice(0, depth)) at = `${at} ${branch(at, word, isLearning)}`;
    return at;
  }

  function branch(at: string, word: string, isLearning: boolean): string {
    if (word.includes(wildcard)) return wildcard;
    const known = branches.get(at);
    if (known?.has(word)) return word;
    if ((known?.size ?? 0) >= maxBranches) {
      if (isLearning) crowded += 1;
      return wildcard;
    }
    if (isLearning) {
      if (known) known.add(word);
      else branches.set(at, new Set([word]));
    }
    return word;
  }

  function mostAlike(words: readonly string[], leaf: string): Cluster | null {
    let best: Cluster | null = null;
    let bestShare = leastAlike;
    for (const cluster of leaves.get(leaf) ?? []) {
      const share = alikeness(cluster.words, words);
      if (share > bestShare || (share === bestShare && best === null)) {
        best = cluster;
        bestShare = share;
      }
    }
    return best;
  }

  function dropOldest(): void {
    const oldest = clusters.values().next().value;
    if (oldest === undefined) return;
    clusters.delete(oldest.id);
    const left = (leaves.get(oldest.leaf) ?? []).filter((cluster) => cluster !== oldest);
    if (left.length > 0) leaves.set(oldest.leaf, left);
    else prune(oldest);
    dropped += 1;
  }

  /** An empty leaf goes, and with it the branches that led only there, so that new words may take their place. */
  function prune({ leaf }: Cluster): void {
    leaves.delete(leaf);
    for (let at = leaf; at.includes(" "); ) {
      const end = at.lastIndexOf(" ");
      const siblings = branches.get(at.slice(0, end));
      siblings?.delete(at.slice(end + 1));
      if (siblings !== undefined && siblings.size > 0) return;
      at = at.slice(0, end);
      branches.delete(at);
    }
  }

  return {
    learn(message) {
      const words = maskedWords(message);
      const leaf = leafOf(words, true);
      const found = mostAlike(words, leaf);
      if (found !== null) {
        found.words = merged(found.words, words);
        found.count += 1;
        clusters.delete(found.id);
        clusters.set(found.id, found);
        return templateOf(found);
      }
      const cluster: Cluster = { id: nextId, leaf, first: words.join(" "), words, count: 1 };
      nextId += 1;
      clusters.set(cluster.id, cluster);
      const siblings = leaves.get(leaf);
      if (siblings) siblings.push(cluster);
      else leaves.set(leaf, [cluster]);
      if (clusters.size > max) dropOldest();
      return templateOf(cluster);
    },
    find(message) {
      const words = maskedWords(message);
      const found = mostAlike(words, leafOf(words, false));
      return found === null ? null : templateOf(found);
    },
    size: () => clusters.size,
    dropped: () => dropped,
    crowded: () => crowded,
  };
}

function templateOf({ id, first, words, count }: Cluster): Template {
  return { id, text: words.join(" "), first, count };
}

/** Share of the words that are equal; two lists of words of one length. What is masked in both is equal. */
export function alikeness(a: readonly string[], b: readonly string[]): number {
  if (a.length !== b.length) return 0;
  if (a.length === 0) return 1;
  let equal = 0;
  for (let index = 0; index < a.length; index += 1) if (a[index] === b[index]) equal += 1;
  return equal / a.length;
}

function merged(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.every((word, index) => word === b[index])) return a;
  return a.map((word, index) => (word === b[index] ? word : wildcard));
}
