/** How names tell which part of the system a service belongs to: by words that few parts use. */
import { createBoundedMap } from "./bounded-map.ts";

const shortestWord = 2;
const maxRemembered = 5_000;
/** What a word weighs that every part uses. */
const leastWeight = 0.1;

/** "shop-cart-service-v2" as "shop", "cart", "service": whole words of letters, each once. */
function wordsOfName(name: string): Set<string> {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/\d+$/, ""));
  return new Set(words.filter((word) => word.length >= shortestWord && /^[a-z]+$/.test(word)));
}

/**
 * @param components - service to the component it belongs to.
 * @returns for a service and a component, see `likeness` of the service graph.
 */
export function createLikeness(
  components: ReadonlyMap<string, string>,
): (service: string, component: string) => number {
  const users = new Map<string, Set<string>>();
  for (const [service, component] of components)
    for (const word of wordsOfName(service)) {
      const known = users.get(word);
      if (known) known.add(component);
      else users.set(word, new Set([component]));
    }
  const count = new Set(components.values()).size;
  const remembered = createBoundedMap<{ likeness: Likeness | null }>(maxRemembered, () => ({
    likeness: null,
  }));

  function likenessOf(service: string): Likeness {
    const words = [...wordsOfName(service)].map((word): WeighedWord => {
      const using = users.get(word) ?? nobody;
      return { using, weight: Math.max(leastWeight, Math.log((count + 1) / (using.size + 0.5))) };
    });
    let total = 0;
    for (const { weight } of words) total += weight;
    return { words, total, best: bestOf(words, total) };
  }

  return (service, component) => {
    const entry = remembered.recall(service);
    entry.likeness ??= likenessOf(service);
    const { words, total, best } = entry.likeness;
    return shareOf(component, words, total) - best;
  };
}

interface WeighedWord {
  /** Components that use it. */
  readonly using: ReadonlySet<string>;
  readonly weight: number;
}

interface Likeness {
  readonly words: readonly WeighedWord[];
  /** Of the weights. */
  readonly total: number;
  /** The largest share of any component. */
  readonly best: number;
}

const nobody: ReadonlySet<string> = new Set();

/** Share of a name's words, by weight, that a component uses. */
function shareOf(component: string, words: readonly WeighedWord[], total: number): number {
  let sum = 0;
  for (const { using, weight } of words) if (using.has(component)) sum += weight;
  return sum === 0 ? 0 : sum / total;
}

function bestOf(words: readonly WeighedWord[], total: number): number {
  // A service of the topology is of a component that uses all its words: most often one need not ask the others.
  const rarest = words.reduce<ReadonlySet<string> | null>(
    (least, { using }) => (least === null || using.size < least.size ? using : least),
    null,
  );
  for (const component of rarest ?? nobody)
    if (words.every(({ using }) => using.has(component))) return shareOf(component, words, total);
  let best = 0;
  for (const component of new Set(words.flatMap(({ using }) => [...using])))
    best = Math.max(best, shareOf(component, words, total));
  return best;
}
