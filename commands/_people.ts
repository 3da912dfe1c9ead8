/** Which person somebody means. */

import { closest } from "../src/domain/command/spelling.ts";
import { mentionOf, personOfAccount } from "../src/domain/people/link.ts";
import type { Person } from "../src/domain/people/person.ts";
import { type Mention, oneLine } from "../src/domain/view.ts";
import type { CommandContext, Refusal, SuggestContext } from "../src/ports/command.ts";

const maxSuggestions = 25;
/** Names that stand for the platforms' own accounts. */
const maxAuthor = 80;

/** How a person is called on every platform, with the accounts that they linked. */
export async function callOf(
  person: Person,
  { store, people }: Pick<CommandContext, "store" | "people">,
): Promise<{ readonly name: string; readonly mention: Mention }> {
  return { name: person.name, mention: mentionOf(person, await store.links.ofPerson(person.id), people) };
}

/** The person of this id, name or mention as chat writes it: "ada", "@Ada Okafor", "@U012AB3CD", "<@U012AB3CD|ada>". */
export async function findPersonWritten(
  written: string,
  context: Pick<CommandContext, "people" | "via" | "store">,
): Promise<Person | Refusal> {
  const text = written.trim();
  const account = /^<@!?([A-Z0-9]+)(?:\|[^>]*)?>$/.exec(text)?.[1];
  const bare = text.replace(/^@/, "");
  const word = bare.toLowerCase();
  const named = context.people.find(
    (person) => account === undefined && (person.id === word || person.name.toLowerCase() === word),
  );
  const found = named ?? (await personOfWrittenAccount(account ?? bare, context));
  if (found !== null) return found;
  const ids = context.people.map((person) => person.id);
  const near = closest(word, ids);
  const shown = ids.slice(0, 12).join(", ");
  return {
    kind: "refuse",
    reason: "unknown_person",
    problem: `Nobody in tocsin.yaml is "${oneLine(text, 60)}".`,
    remedy: near === null ? `People are: ${shown}.` : `Did you mean ${near}? People are: ${shown}.`,
  };
}

/** Whose account of this platform it is, by tocsin.yaml or by a link; null for nobody's. */
export async function personOfWrittenAccount(
  id: string,
  { people, via: platform, store }: Pick<CommandContext, "people" | "via" | "store">,
): Promise<Person | null> {
  return personOfAccount(people, { platform, id }, await store.links.find(platform, id));
}

/** The name of the person of an id, or of an account of this platform, else what was written; whoever asks when nothing was. */
export async function authorOf(written: string | undefined, context: CommandContext): Promise<string> {
  if (written === undefined) return context.person.name;
  const bare = written.replace(/^@/, "");
  const known = context.people.find(({ id }) => id === bare) ?? (await personOfWrittenAccount(bare, context));
  return known?.name ?? oneLine(bare, maxAuthor);
}

/** People whose id or name goes with what was typed. */
export function suggestPeople(partial: string, context: Pick<SuggestContext, "people">) {
  const word = partial.replace(/^@/, "").toLowerCase();
  const near = context.people.filter(
    (person) => person.id.includes(word) || person.name.toLowerCase().includes(word),
  );
  return Promise.resolve(
    near.slice(0, maxSuggestions).map((person) => ({ label: oneLine(person.name, 100), value: person.id })),
  );
}
