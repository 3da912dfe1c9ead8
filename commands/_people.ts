/** Which person somebody means. */
import type { Person } from "../src/domain/person.ts";
import { closest } from "../src/domain/spelling.ts";
import { oneLine } from "../src/domain/view.ts";
import type { CommandContext, Refusal, SuggestContext } from "../src/ports/command.ts";

const maxSuggestions = 25;

/** The person of this id, name or mention as chat writes it: "ada", "@Ada Okafor", "@U012AB3CD", "<@U012AB3CD|ada>". */
export function findPersonWritten(
  written: string,
  context: Pick<CommandContext, "people" | "via">,
): Person | Refusal {
  const text = written.trim();
  const account = /^<@!?([A-Z0-9]+)(?:\|[^>]*)?>$/.exec(text)?.[1];
  const bare = text.replace(/^@/, "");
  const word = bare.toLowerCase();
  const found = context.people.find((person) =>
    account === undefined
      ? person.id === word || person.name.toLowerCase() === word || person.accounts[context.via] === bare
      : person.accounts[context.via] === account,
  );
  if (found !== undefined) return found;
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
