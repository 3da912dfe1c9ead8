/** The clauses of a sentence, and whom each of them is about: a number belongs to the name that it stands beside. */
import { placesOf } from "./names.ts";

/** Names that stand together and mean one thing: "HighLatency on checkout". */
export interface Phrase {
  readonly names: readonly string[];
  readonly from: number;
  readonly to: number;
}

export interface Clause {
  readonly text: string;
  /** Word or sign that joins it to what stands before; empty for the first. */
  readonly lead: string;
  /** In the order of the text, with their places in it. */
  readonly phrases: readonly Phrase[];
  /** Names of what it is about when it names nothing itself; null when the sentence names nothing at all. */
  readonly inherited: readonly string[] | null;
  /** The others of a list that it ends: "cart and" in "cart and checkout are slow". */
  readonly beside: readonly (readonly string[])[];
}

const joint =
  /[;:]\s|,\s|\b(?:and|but|while|whereas|because|as|although|though|which|whose|who|so|then)\b/giu;
const within =
  /^(?:['’]s)?[\s:(]*(?:(?:on|of|in|for|the|alerts?|service|fires?|fired|firing|is)\s+)*(?:['"“”]\s*)?$/iu;
const relative = /^(?:which|whose|who)$/i;

/** @param names - of what a sentence can be about. */
export function readClauses(text: string, names: readonly string[]): readonly Clause[] {
  const bare = piecesOf(text).map((piece) => ({ ...piece, phrases: phrasesIn(piece.text, names) }));
  return bare.map((clause, index) => ({
    ...clause,
    inherited: inheritedBy(bare, index),
    beside: besideIn(bare, index),
  }));
}

/** Names of what stands at this place of a clause: the nearest before it, or else the first after it. */
export function namesAt({ phrases, inherited }: Clause, index: number): readonly string[] | null {
  const before = phrases.filter(({ to }) => to <= index);
  const nearest = before.at(-1) ?? phrases[0];
  return nearest === undefined ? inherited : nearest.names;
}

/** Names of what a whole clause is about. */
export function namesOf({ phrases, inherited }: Clause): readonly string[] | null {
  return phrases.length > 0 ? phrases.flatMap(({ names }) => names) : inherited;
}

function piecesOf(text: string): readonly { readonly text: string; readonly lead: string }[] {
  const pieces: { text: string; lead: string }[] = [];
  let [from, lead] = [0, ""];
  for (const match of [...text.matchAll(joint), null]) {
    const piece = text.slice(from, match?.index ?? text.length);
    const isEmpty = piece.trim() === "";
    if (!isEmpty) pieces.push({ text: piece, lead });
    if (match === null) break;
    const sign = match[0].trim().toLowerCase();
    // In ", which" and ", and then" the word tells more than the comma.
    lead = isEmpty && lead !== "" && /^\W/.test(sign) ? lead : sign;
    from = match.index + match[0].length;
  }
  return pieces;
}

function phrasesIn(text: string, names: readonly string[]): readonly Phrase[] {
  const phrases: Phrase[] = [];
  for (const { name, from, to } of placesOf(text, names)) {
    const last = phrases.at(-1);
    if (last !== undefined && within.test(text.slice(last.to, from)))
      phrases.splice(-1, 1, { names: [...last.names, name], from: last.from, to });
    else phrases.push({ names: [name], from, to });
  }
  return phrases;
}

type Bare = Pick<Clause, "text" | "lead" | "phrases">;

const namesOnly = /^\W*(?:(?:both|the|alerts?|services?|on|of|in)\b\W*)*$/i;

function besideIn(clauses: readonly Bare[], index: number): readonly (readonly string[])[] {
  const own = clauses[index];
  const first = own?.phrases[0];
  if (own === undefined || first === undefined || !/^(?:and|,)$/.test(own.lead)) return [];
  if (!namesOnly.test(own.text.slice(0, first.from))) return [];
  const before = clauses[index - 1];
  const [named] = before?.phrases ?? [];
  if (before === undefined || named === undefined || before.phrases.length > 1) return [];
  const rest = `${before.text.slice(0, named.from)} ${before.text.slice(named.to)}`;
  return namesOnly.test(rest) ? [...besideIn(clauses, index - 1), named.names] : [];
}

/** "A calls B, which …" goes on about B, "A calls B and …" about A; what stands between in "which …" is passed over. */
function inheritedBy(clauses: readonly Bare[], index: number): readonly string[] | null {
  const before = clauses.slice(0, index).filter(({ phrases }) => phrases.length > 0);
  if (relative.test(clauses[index]?.lead ?? "")) {
    const last = before.at(-1)?.phrases.at(-1);
    if (last !== undefined) return last.names;
  }
  const main = before.filter(({ lead }) => !relative.test(lead));
  const found =
    main.at(-1) ?? before.at(-1) ?? clauses.slice(index).find(({ phrases }) => phrases.length > 0);
  return found?.phrases[0]?.names ?? null;
}
