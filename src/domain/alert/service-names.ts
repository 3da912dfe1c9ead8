/** Finds services by name in what people write: "checkout-svc" speaks of "checkoutservice". */
import { wordsOf } from "./evidence-kind.ts";

export interface ServiceNames {
  /** The service that is named first, in words apart from one another; null when none is. */
  firstIn(text: string): string | null;
  /** All that are named, also within compound words such as `checkoutTimeout`, in the order of mention. */
  allIn(text: string): readonly string[];
}

const suffix = /[-_. ]?(service|svc|server|api|app|worker|backend)$/;
const shortest = 3;
/** Words in the longest name that is looked for. */
const maxWords = 5;

/** Costs as much as the text is long, however many services there are. */
export function createServiceNames(services: Iterable<string>): ServiceNames {
  const bySpelling = new Map<string, string>();
  const sorted = [...services].sort();
  // A whole name counts more than what another is without its ending.
  for (const spell of [wholeName, stemOf])
    for (const service of sorted)
      if (!bySpelling.has(spell(service))) bySpelling.set(spell(service), service);
  const find = (words: readonly string[]) => mentions(words, bySpelling);
  return {
    firstIn: (text) => find(text.toLowerCase().split(/[^a-z0-9]+/))[0] ?? null,
    allIn: (text) => [...new Set(find(wordsOf(text).split(" ")))],
  };
}

function wholeName(service: string): string {
  return service
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
}

function stemOf(service: string): string {
  const name = wholeName(service);
  const stem = name.replace(suffix, "");
  return stem.length >= shortest ? stem : name;
}

/** Longest names first: a part of another service's name is no mention. */
function mentions(words: readonly string[], bySpelling: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    for (let length = Math.min(maxWords, words.length - at); length > 0; length -= 1) {
      const said = words.slice(at, at + length).join(" ");
      const service = bySpelling.get(said) ?? bySpelling.get(stemOf(said));
      if (service === undefined) continue;
      found.push(service);
      at += length - 1;
      break;
    }
  }
  return found;
}
