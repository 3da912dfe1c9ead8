/** Messages made from known templates, to tell how well templates are found. Deterministic. */

export interface MadeLine {
  readonly text: string;
  /** Which template it was made from. */
  readonly made: number;
}

const verbs = [
  "failed",
  "refused",
  "exceeded",
  "lost",
  "reached",
  "closed",
  "dropped",
  "restarted",
  "missed",
];
const things = [
  ..."connection request replica volume certificate session queue leader shard backup probe quota".split(" "),
  ..."transaction lease snapshot stream worker cache token index partition listener cursor batch".split(" "),
];
const fillers = "while before because after during without the for on with by in from of".split(" ");
const slots = ["number", "address", "id", "path", "host", "name"] as const;

/** A small generator of numbers: the same seed gives the same ones. */
function createDice(seed: number) {
  let state = seed >>> 0;
  return (sides: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** @returns lines in a mixed order; each template has at least one. */
export function makeLines(options: { templates: number; lines: number; seed: number }): MadeLine[] {
  const dice = createDice(options.seed);
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[dice(items.length)];
    if (item === undefined) throw new Error("template-lines: nothing to pick from");
    return item;
  };
  const hex = (length: number) => Array.from({ length }, () => "0123456789abcdef"[dice(16)]).join("");
  const fill = (slot: string): string => {
    if (slot === "number") return `${dice(5_000)}${pick(["", "ms", "%", "s"])}`;
    if (slot === "address") return `10.${dice(250)}.${dice(250)}.${dice(250)}:${1 + dice(9_000)}`;
    if (slot === "id") return `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`;
    if (slot === "path") return `/var/${pick(things)}/${hex(6)}`;
    if (slot === "host") return `node-${dice(500)}`;
    // Nothing tells a plain word from the template's own but that it differs.
    return slot === "name" ? `${pick(things)}${pick(verbs)}` : slot;
  };
  const templates = Array.from({ length: options.templates }, (_unused, index) => {
    const length = 6 + dice(8);
    const words = [pick(things), pick(verbs)];
    while (words.length < length) {
      const isSlot = words.length % 3 === 2;
      words.push(isSlot ? pick(slots) : pick([...fillers, ...things]));
    }
    // A few kinds of message come from one component.
    return [
      `component${String.fromCharCode(97 + (index % 5), 97 + (Math.floor(index / 20) % 26))}`,
      ...words,
    ];
  });
  return Array.from({ length: options.lines }, (_unused, index) => {
    const made = index < templates.length ? index : dice(templates.length);
    const template = templates[made] ?? [];
    const isSlot = (word: string) => (slots as readonly string[]).includes(word);
    return { text: template.map((word) => (isSlot(word) ? fill(word) : word)).join(" "), made };
  });
}

/** Share of lines whose found group is exactly the group that they were made in. */
export function groupingAccuracy(made: readonly number[], found: readonly number[]): number {
  const sizes = (list: readonly number[]) => {
    const counts = new Map<number, number>();
    for (const item of list) counts.set(item, (counts.get(item) ?? 0) + 1);
    return counts;
  };
  const [madeSizes, foundSizes] = [sizes(made), sizes(found)];
  const together = new Map<string, number>();
  for (const [index, group] of made.entries()) {
    const key = `${group} ${found[index]}`;
    together.set(key, (together.get(key) ?? 0) + 1);
  }
  let right = 0;
  for (const [key, count] of together) {
    const [group, other] = key.split(" ").map(Number);
    if (count === madeSizes.get(group ?? -1) && count === foundSizes.get(other ?? -1)) right += count;
  }
  return right / made.length;
}
