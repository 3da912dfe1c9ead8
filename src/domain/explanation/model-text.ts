/**
 * Text on its way to a language model and back. Going in: what reads like instructions is withheld, since a model
 * cannot tell data from orders. Coming back: addresses, mentions and markup are stripped, and a sentence that orders
 * or holds a command is refused, whatever made the model write it.
 */
import { redact } from "../text/redaction.ts";
import { oneLine } from "../view.ts";

/** What stands in a prompt for text that reads like instructions. */
export const withheld = "[withheld: reads like instructions]";

/** Phrases that order a reader about rather than report. Not a proof of safety: the checks on the answer are. */
const orders: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass|discard|skip|overlook)\b.{0,40}\b(?:instruction|prompt|rule|context|direction|guideline|above|previous|prior|earlier|before|polic|safeguard|everything|system)/i,
  /\b(?:new|updated|real|actual|following|additional|secret|hidden)\s+(?:instruction|task|order|directive|rule|objective|goal)s?\b/i,
  /\b(?:system|developer|hidden|initial|original)\s*(?:prompt|message|instruction|role|note|override)/i,
  /(?:^|[\n>\]"'`*#.!?;]\s*)(?:system|assistant|developer|ai|instructions?|prompt)\s*(?::|>|\]|=>)\s*(?:you\b|ignore|do\b|don't|never|always|respond|reply|answer|output|print|say|write|blame|report|mark|set|add|include|please|must|new\b|end\b|begin\b|stop\b|override|the (?:cause|answer|root))/i,
  /<\|[^|]{0,40}\|>|\[\/?(?:INST|SYS(?:TEM)?|ASSISTANT|USER)\]|<<\/?SYS>>|<\/?(?:system|assistant|user|instructions?|data|evidence|prompt|tool|function)[^>]{0,40}>|#{2,}\s*(?:instruction|system|response|human|assistant)/i,
  /\b(?:you are|you're|u are|act as|behave as|pretend|role-?play|imagine you|simulate|from now on|henceforth|as an? (?:ai|llm|language model|assistant))\b/i,
  /\b(?:you|the (?:assistant|ai|llm|reader|summary|explanation|answer|reply))\s+(?:must|shall|should|will|need to|have to|has to|are to|is to|may only|can only|ought)\b/i,
  /\b(?:do not|don't|never|always|please|kindly|must)\s+(?:mention|cite|say|state|include|tell|output|reveal|respond|reply|answer|print|write|repeat|recommend|suggest|blame|approve|report|claim|conclude|append|insert|call|execute|run|click|visit|open|send|post|tag|ping|notify|deploy|roll ?back|delete|drop|disable|restart|resolve|close|acknowledge|ack|silence|merge|grant|add)\b/i,
  /\b(?:respond|reply|answer|output|print|say|write|repeat|echo|return|conclude|claim|state|append|insert|add|include|mention|tag|ping|translate|summari[sz]e|reveal|leak|exfiltrate|encode|decode)\b\s*(?:with|only|exactly|the (?:following|word|phrase|text|link|url|string|sentence)|that the|this|to the (?:channel|user|team)|everyone|["'“‘`:])/i,
  /\b(?:note|message|attention|reminder|important|hint|instructions?|memo)\b.{0,20}\b(?:to|for)\s+(?:the\s+)?(?:ai|llm|gpt|chatgpt|assistant|model|bot|agent|explainer|summari[sz]er|analyst|tocsin)\b/i,
  /\b(?:chatgpt|gpt-?\d|claude|gemini|llama|copilot|language model|jailbreak|dan mode|developer mode|prompt injection|end of (?:data|input|evidence|prompt)|begin (?:instructions?|system)|stop analy[sz]ing)\b/i,
  /\b(?:run|execute|invoke|type|paste|use|call)\b.{0,20}(?:\bcommand\b|`|\$\(|\bcurl\b|\bwget\b|\bkubectl\b|\bsudo\b|\brm -|\bbash\b|\/[a-z]+\b|\btool\b|\bfunction\b|\bshell\b)/i,
  /\b(?:blame|accuse|suspect|recommend|suggest|advise|approve|authori[sz]e|propose)\s+(?:the|that|to|a|an|every|all|rolling|deploying|deleting|reverting|rollback|rollout|\w+ing)\b/i,
  /\b(?:set|change|raise|lower|make|rank|mark|treat|consider|classify)\b.{0,40}\b(?:confidence|severity|cause|resolved|root|harmless|benign|first|false alarm|as)\b.{0,20}(?:\bto\b|\bas\b|\b100\b|%|\bcause\b)/i,
  /\b(?:ignoriere|vergiss|befolge|antworte|ignorez|oubliez|réponds|répondez|ignora|olvida|responde|rispondi|dimentica|ignorieren sie)\b/i,
  /\b(?:esque[cç]a|zapomnij|zignoruj|negeer|vergeet|oublie|ecris|écris|escribe|escreva|schreib[et]?|napisz|unut)(?![\p{L}])/iu,
  /игнорируй|забудь|напиши|ξέχνα|انس|تجاهل|भूल जा|忽略|无视|無視|忘れて|무시|잊고|잊어/iu,
  /\bI\b.{0,40}\b(?:authori[sz]e|order|permit|allow|command|instruct|urge) you\b|\byour (?:new|maker|owner|creator|instructions?|rules|guidelines|ranking|answer|summary)\b/i,
  /(?:^|[.!?,;:]\s*|\b(?:and|then|just|only|please|to)\s+)(?:(?:report|state|tell (?:them|people)) that\b|write\s+(?:that\b|the (?:root|cause)\b)|(?:say|claim)\s+(?:that\b|it\b|the (?:root|cause|culprit|latency)\b|latency was\b|errors (?:rose|fell|are)\b))/i,
  /\b(?:say|write|report|name|state|put down|give|record)\b.{0,40}\b(?:as|is) (?:the )?(?:root|cause|culprit)\b|\bwrite (?:a|the|me a) (?:story|poem|play|song|scene|dialogue)\b/i,
  /\b(?:reverse|reorder|flip|swap|shuffle|rank)\b.{0,20}\b(?:ranking|ranks|causes?|suspects?)\b|\b(?:cite|quote)\b.{0,15}\[\d/i,
  /\\?"\s{0,3},\s{0,3}\\?"(?:n|fact|kind|quote|evidence|role|content|text|summary|causes|order)\\?"\s{0,3}:|"(?:summary|causes|actions)"\s{0,3}:\s{0,3}\[/i,
  /\b(?:human|user)\s?:\s.{0,200}\bassistant\s?:|\b(?:summari[sz]er|explainer|llm)s?\s?[:,]|\{\{[#/]?\s?(?:system|user|assistant|instruction)|\bfunctions?\.\w{1,40}\(\{/i,
  /\b(?:confidential|credentials?|api keys?|passwords?|secrets?|environment variables?)\b.{0,30}\b(?:reveal|print|show|include|send|output)|\b(?:reveal|print|show|include|send|output|post)\b.{0,40}\b(?:credentials?|api keys?|passwords?|secrets?|environment|prompt)\b/i,
];

/** True when a text orders its reader about: such text is data about an attack, not about an incident. */
export function readsLikeInstructions(text: string): boolean {
  const normal = text.normalize("NFKC");
  const seen = oneLine(normal, 4000);
  const variants = [normal, seen, together(seen), oneLine(normal.replace(/\p{Cf}+/gu, ""), 4000)];
  return orders.some((pattern) => variants.some((variant) => pattern.test(variant)));
}

/** Without what is spread through words to hide them: "i.g.n.o.r.e", "i g n o r e". */
function together(text: string): string {
  return text
    .replace(/(?<=\p{L})[.\-_*·•](?=\p{L}(?:[.\-_*·•]|\b))/gu, "")
    .replace(/(?<=(?<!\p{L})\p{L}) (?=\p{L}(?!\p{L}))/gu, "");
}

/** A text for a prompt: without secrets, on one line, cut, and withheld when it reads like instructions. */
export function forPrompt(text: string, max: number): string {
  if (readsLikeInstructions(text)) return withheld;
  return oneLine(redact(text).text, max);
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

export type ModelSentence =
  | { readonly kind: "sentence"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * What may stand of a sentence that a model wrote.
 * @param names - names that evidence gives; a dotted one among them is not taken for an address.
 */
export function cleanModelSentence(text: string, names: readonly string[]): ModelSentence {
  const line = oneLine(text.slice(0, 4000).normalize("NFKC"), 600);
  if (commands.some((pattern) => pattern.test(line))) return { kind: "refused", reason: "holds a command" };
  if (readsLikeInstructions(line)) return { kind: "refused", reason: "reads like instructions" };
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
