/**
 * Text on its way to a language model and back. Going in: what reads like instructions is withheld, since a model
 * cannot tell data from orders. Coming back: addresses, mentions and markup are stripped, and a sentence that orders
 * or holds a command is refused, whatever made the model write it.
 */
import { forPeople } from "../text/for-people.ts";
import { redact } from "../text/redaction.ts";
import { startOf } from "../text/whole-words.ts";
import { oneLine } from "../view.ts";
import { readsLikeInstructions, withheld } from "./instructions.ts";

/**
 * A text for a prompt: without secrets, on one line, cut, and withheld when it reads like instructions. Here and
 * nowhere else texts are withheld: people read an alert, they do not obey it.
 */
export function forPrompt(text: string, max: number): string {
  return readsLikeInstructions(text) ? withheld : forPeople(text, max);
}

/** What goes, and what stays in its place. */
const strips: readonly (readonly [RegExp, string])[] = [
  [/!?\[([^\]]{0,200})\]\([^)]{0,500}\)/g, "$1"],
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/\S{0,2000}/gi, " "],
  [/\b(?:javascript|data|mailto|tel|vbscript|slack|discord):\S{1,2000}/gi, " "],
  [/\bwww\.\S{1,500}/gi, " "],
  [/[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}/g, " "],
  [/<[@#!][^>]{0,100}>/g, " "],
  [/<\/?[a-z!][^>]{0,200}>/gi, " "],
  [/@[\w.-]{1,60}/g, " "],
  // Citations: ours are added when it is shown.
  [/\[\s{0,3}\d{1,3}(?:\s{0,3},\s{0,3}\d{1,3}){0,20}\s{0,3}\]/g, " "],
  [/[`*~]{1,3}/g, ""],
];

/** A host name with a path or a public suffix people would click. */
const host = /\b(?:[a-z0-9-]{1,63}\.){1,6}(?:[a-z]{2,24})(?:\/\S{0,500})?/gi;

/** Things to be typed somewhere. */
const commands: readonly RegExp[] = [
  /(?:^|[\s("'“])\/[a-z][\w-]{1,30}(?=[\s.,;)"'”]|$)/i,
  /\$\(|&&|\|\||;\s{0,3}(?:rm|curl|wget|sh|bash)\b|\|\s{0,3}(?:sh|bash|zsh|python)\b|>\s{0,3}\/dev\//i,
  /\b(?:curl|wget)\s+(?:-|\S*[/.])|\bsudo\s+\w|\brm\s+-|\bchmod\s+[\d+-]|\beval\s*\(|\bbase64\s+-/i,
  /\bkubectl\s+(?:delete|apply|exec|scale|drain|patch|edit|run|rollout|create)\b/i,
  /\b(?:drop|truncate)\s+(?:table|database|schema)\b|\bdelete\s+from\b|\bterraform\s+(?:apply|destroy)\b/i,
  /^(?:please\s+|now\s+|then\s+|immediately\s+)?(?:run|execute|deploy|roll ?back|restart|reboot|delete|drop|approve|silence|resolve|merge|retrain|scale|disable|enable|click|visit|open|go to|call|e-?mail|contact|send|post|ping|tag|notify|install|download|ack|acknowledge|deny|cancel|freeze|shut ?down|kill|stop|grant|revoke)\b/i,
  /\b(?:we|i|you)\s+(?:recommend|suggest|advise|should|must|need to)\b|\b(?:it is|is) (?:recommended|advised|suggested)\b|\bmust be (?:rolled|reverted|deleted|approved|restarted|disabled|silenced|resolved)\b/i,
];

/** What tells readers what to do or to write. People may; a sentence of a model reports, and nothing else. */
const advice: readonly RegExp[] = [
  /\b(?:you|the (?:assistant|ai|llm|reader|summary|explanation|answer|reply))\s+(?:must|shall|should|will|need to|have to|has to|are to|is to|may only|can only|ought)\b/i,
  /\b(?:do not|don't|never|always|please|kindly|must)\s+(?:mention|cite|say|state|include|tell|output|reveal|respond|reply|answer|print|write|repeat|recommend|suggest|blame|approve|report|claim|conclude|append|insert|call|execute|run|click|visit|open|send|post|tag|ping|notify|deploy|roll ?back|delete|drop|disable|restart|resolve|close|acknowledge|ack|silence|merge|grant|add)\b/i,
  /\b(?:respond|reply|answer|output|print|say|write|repeat|echo|return|conclude|claim|state|append|insert|add|include|mention|tag|ping|translate|summari[sz]e|reveal|leak|exfiltrate|encode|decode)\b\s*(?:with|only|exactly|the (?:following|word|phrase|text|link|url|string|sentence)|that the|this|to the (?:channel|user|team)|everyone|["'“‘`:])/i,
  /\b(?:run|execute|invoke|type|paste|use|call)\b.{0,20}(?:\bcommand\b|`|\$\(|\bcurl\b|\bwget\b|\bkubectl\b|\bsudo\b|\brm -|\bbash\b|\/[a-z]+\b|\btool\b|\bfunction\b|\bshell\b)/i,
  /\b(?:blame|accuse|suspect|recommend|suggest|advise|approve|authori[sz]e|propose)\s+(?:the|that|to|a|an|every|all|rolling|deploying|deleting|reverting|rollback|rollout|\w+ing)\b/i,
  /\b(?:set|change|raise|lower|make|rank|mark|treat|consider|classify)\b.{0,40}\b(?:confidence|severity|cause|resolved|root|harmless|benign|first|false alarm|as)\b.{0,20}(?:\bto\b|\bas\b|\b100\b|%|\bcause\b)/i,
];

export type ModelSentence =
  | { readonly kind: "sentence"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * What may stand of a sentence that a model wrote.
 * @param names - names that evidence gives; a dotted one among them is not taken for an address.
 */
export function cleanModelSentence(text: string, names: readonly string[]): ModelSentence {
  // Before the cut: half a secret is no longer recognised.
  const line = oneLine(redact(startOf(text, 4_000)).text.normalize("NFKC"), 600);
  if (commands.some((pattern) => pattern.test(line))) return { kind: "refused", reason: "holds a command" };
  if (readsLikeInstructions(line) || advice.some((pattern) => pattern.test(line)))
    return { kind: "refused", reason: "reads like instructions" };
  const known = new Set(names.map((name) => name.toLowerCase()));
  const stripped = strips
    .reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), line)
    .replace(host, (match) => (known.has(match.toLowerCase()) || isVersion(match) ? match : " "));
  const clean = redact(tidy(stripped)).text;
  if (commands.some((pattern) => pattern.test(clean))) return { kind: "refused", reason: "holds a command" };
  if (clean.split(" ").length < 3) return { kind: "refused", reason: "says too little" };
  return { kind: "sentence", text: clean };
}

/** "v2.3.rc": digits in it and no path. */
function isVersion(text: string): boolean {
  return /^v?\d[\w.-]*$/i.test(text);
}

function tidy(text: string): string {
  const spaced = oneLine(text, 500)
    .replace(/\s+([.,;:)!?])/g, "$1")
    .replace(/\(\s*\)/g, "");
  const trimmed = spaced.replace(/\s{2,}/g, " ").trim();
  return /[.!?…]$/.test(trimmed) || trimmed === "" ? trimmed : `${trimmed}.`;
}
