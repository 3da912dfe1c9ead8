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
  const remembered = createBoundedMap<{ shares: Map<string, number> | null; best: number }>(
    maxRemembered,
    () => ({ shares: null, best: 0 }),
  );

  /** Share of the name's words, by weight, that each component uses. */
  function sharesOf(service: string): Map<string, number> {
    const shares = new Map<string, number>();
    let total = 0;
    for (const word of wordsOfName(service)) {
      const using = users.get(word);
      const weight = Math.max(leastWeight, Math.log((count + 1) / ((using?.size ?? 0) + 0.5)));
      total += weight;
      for (const component of using ?? []) shares.set(component, (shares.get(component) ?? 0) + weight);
    }
    for (const [component, share] of shares) shares.set(component, share / total);
    return shares;
  }

  return (service, component) => {
    const entry = remembered.recall(service);
    if (entry.shares === null) {
      entry.shares = sharesOf(service);
      for (const share of entry.shares.values()) entry.best = Math.max(entry.best, share);
    }
    return (entry.shares.get(component) ?? 0) - entry.best;
  };
}
