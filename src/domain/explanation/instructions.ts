/**
 * Whether a text orders its reader about rather than report. Patterns know orders that say so: to ignore what was said,
 * to answer in certain words, marks of a chat. They do not know a lie, nor an order that is worded as a fact: that is
 * why every sentence of a model is checked against the evidence, whatever it was let read.
 */
import { readingsOf, squeezed } from "./disguises.ts";
import { latinOrders, otherOrders } from "./foreign-instructions.ts";

/** What stands in a prompt for text that reads like instructions. */
export const withheld = "[withheld: reads like instructions]";

const { raw } = String;

/** What a reader may be told not to heed. */
const forget =
  "(?:ignor(?:e|ing)|disregard|forget|neglect|overlook|bypass|override|discard|set aside|pay no attention to)";
const all =
  "(?:all|any|every|everything|each|the|these|those|this|that|your|my|our|of|other|previous|prior|above|earlier|preceding|former|initial|original|system|safety)";
/** Whoever explains. Models are named after animals, people and stars, and so are services: a name alone orders nobody. */
const model = raw`(?:a\.?i\.?|llms?|chat ?gpt|gpt(?:[- ]?\d\S{0,5})?|claude|gemini|llama|mistral|copilot|(?:large )?language models?|chat ?bots?|assistant|explainer|summari[sz]er|tocsin)`;
/** What an explainer writes. Alerts hardly ever speak of it. */
const product = "(?:summary|summaries|explanation|answer|reply)";
const must = "(?:must|shall|should|will|needs? to|ha(?:ve|s) to|(?:are|is) to|ought to|(?:may|can) only)";
/** What only somebody who writes can do. */
const say = "(?:say|name|blame|mention|conclude|claim|cite|state|answer|reply|respond|repeat|obey)";

/** How an order begins that follows on whom it is for; "state" and "answer" are as well what a report is about. */
const bidding = raw`(?:you\b|ignore\b|disregard\b|forget\b|from now|(?:say|blame|conclude|repeat|obey)\b|(?:do not|don't|never|always)\s+(?:mention|say|cite|blame|name|answer|reply|respond|recommend|suggest|follow|trust)\b|(?:name|state|answer|reply|respond|mention|claim|output|print|write|report|recommend|mark|tell)\s(?:only|that|the\b|with|your|an?\b|this|"|[\w-]+\sas\b))`;

const orders: readonly RegExp[] = [
  // Not to heed what was said.
  raw`\b${forget}\s+(?:${all}\s+){0,5}(?:instructions?|prompts?|directives?|guidelines?|safeguards?|rules|orders|constraints)\b`,
  raw`\b(?:ignore|disregard|forget|pay no attention to)\s+(?:(?:all|everything)\s+(?:of\s+)?(?:that|this|above|before|else|(?:the|you)\b)|(?:the\s+)?(?:above|foregoing)\b|(?:the\s+)?other\s+(?:facts|evidence|causes|suspects))`,
  raw`\b(?:what|everything|anything)\s+(?:you were|you have been|you've been)\s+(?:told|taught|instructed)\b`,
  raw`\b(?:new|updated|real|actual|secret|hidden)\s+(?:instructions?|directives?)\s*[:<>\]]|\bnow\s+(?:the|your)\s+(?:task|job)\s*[:;]`,
  raw`\byour\s+(?:new|real|actual|only|true|first)\s+(?:instructions?|task|job|goal|role|objective|rules?|orders?|owner)\b|\byour\s+(?:instructions|guidelines|maker|creator|ranking|model's|(?:system|initial|hidden|secret)\s+prompt)\b|\bmy\s+earlier\s+answer\b`,
  // Marks of a chat, of tools, and of the data that a prompt holds.
  raw`<\|[^|<>]{0,40}\|>|\[/?(?:inst|sys|system_prompt|tool_calls|available_tools|tool_results)\]|<</?sys>>|</?(?:start|end)_of_turn|\{\{\s?[#/]\s?(?:system|user|assistant|instruction)`,
  raw`</?(?:\w{1,20}:)?(?:invoke|parameter|tool_?(?:call|use|result|response)s?|function_?(?:call|result)s?|system|system_?prompt|assistant|instructions?|thinking)(?:\s[^<>]{0,60})?>|</(?:data|evidence|prompt|user|context)>`,
  raw`#{2,}\s{0,3}(?:instructions?|system|response|human|assistant|user)\s{0,3}(?::|\n)|\bfunctions?\.\w{1,40}\(\{`,
  raw`\brole["']?\s{0,3}[:=]\s{0,3}["']?(?:system|developer)\b(?![:/\w.-])|\b(?:human|user)\s?:\s.{0,200}\bassistant\s?:|\bq\s?:\s.{0,200}\?\s{0,3}a\s?:`,
  raw`\\?"\s{0,3},\s{0,3}\\?"(?:fact|quote|evidence|causes|n)\\?"\s{0,3}:|"(?:summary|causes|actions)"\s{0,3}:\s{0,3}\[|"\s{0,3}\}\s{0,3}\]\s{0,3},\s{0,3}"`,
  // Somebody speaks to the model.
  raw`(?:^|[^\w-])(?:system|assistant|developer|ai|instructions?|prompt|llm)(?:\s(?:note|message|override|prompt))?\s{0,3}[:>\]=]+\s{0,3}${bidding}`,
  raw`\b(?:notes?|attention|reminder|important|hint|instructions?|memo|notice)\b(?:[- ]\w{1,20}){0,3}?[- ](?:to|for|of)\s+(?:the\s+|any\s+|all\s+|every\s+|your\s+){0,2}${model}\b(?!['-]?[- ]?\w{0,3}(?:team|gateway|serv|proxy|router|api|pool|cluster|deploy|version|train|card|pod|node|host))`,
  raw`\b(?:hey\s+|dear\s+|attention,?\s+(?:[\w-]{1,20}\s+)?|reviewer\s+)(?:${model}|bot)\s{0,3}[:,;!]|\bto\s+(?:the\s+|any\s+|all\s+)?${model}\s{0,3}:\s{0,3}(?:add\b|put\b|please\b|${bidding})`,
  raw`\binstructions?[- ]for[- ]${model}\b`,
  raw`(?:^|[\s"'(>])${model}\s{0,3}[,:;!—-]\s{0,3}(?:please\b|${bidding})`,
  raw`\byou(?:\s+are|'re|\s+were)\s+(?:now\s+(?:a|an|the|in|my|our|free|acting|called)\b|(?:an?|the|my|our)\b|no longer\s+(?:an?|the|bound|under)\b|free\s+(?:to|of|from)\b|hereby\b|in\s+(?:developer|debug|dan|god|admin|test)\s+mode|to\s+${say}\b|(?:instructed|ordered|expected\s+to|asked\s+to)\b)`,
  raw`\byou\s+(?:are|were)\s+\w{2,20},\s+an?\s+(?:\w+\s+){0,2}(?:bot|assistant|model|ai|agent)\b|\byou\s+no\s+longer\s+(?:work|are|obey|follow|have)\b|\bas\s+an?\s+(?:ai|llm|(?:large\s+)?language\s+model)\b.{0,20}\byou\b`,
  raw`\b(?:act|behave|speak|respond)\s+(?:as|like)\s+(?:if\b|an?\s+(?:\w+\s+){0,2}(?:assistant|ai|model|bot|analyst|engineer|admin|expert|person|character)\b)|\bpretend\s+(?:that|to|you)\b|\blet(?:'s|\s+us)\s+(?:play|pretend|role)|\brole[- ]?play\s+(?:as|that|with)\b|\bimagine\s+(?:that\s+)?you\b`,
  raw`\b(?:from\s+now\s+on|henceforth),?\s+(?:you\b|every\b|always\b|only\b|the\s+${product}|end\b|begin\b|start\b|write\b|call\b|refer\b|${say}\b)`,
  raw`\bI\b.{0,40}\b(?:authori[sz]e|order|permit|allow|command|instruct|urge)\s+you\b|\b(?:enter|in|into|enable)\s+(?:dan|god|developer)\s+mode\b|\bstop\s+analy[sz]ing\b`,
  raw`(?:-{3,}|={3,}|\*{3,}|\[|<)\s{0,3}(?:end|begin|start)\s(?:of\s)?(?:the\s)?(?:data|input|evidence|prompt|instructions?|system|context)\b`,
  // What the answer is to be.
  raw`\b(?:you|${model}|the\s+reader)\s+${must}\s+(?:\w+ly\s+|also\s+|only\s+|now\s+|always\s+|not\s+){0,2}(?:${say}|write|ignore|output|recommend|reveal|disregard|forget|pretend)\b`,
  raw`\b(?:the|your|every|each|all|any)\s+${product}\s+(?:(?:${must})\s+(?:\w+ly\s+|also\s+|only\s+|always\s+|not\s+)?(?:be\s+(?:the\b|only|exactly|a\s+single|")|begin|start|end|contain|consist|read|omit|${say})\b|(?:begins?|starts?|ends?)\s+with\b)`,
  raw`\b(?:a\s+good|a\s+correct|the|your|every|each|any)\s+${product}\b.{0,30}\b(?:nam(?:e[ds]?|ing)|says?|blam(?:es?|ing)|leaves\s+(?:out|everything))\b|\bexample\s+answer\s*:|\bexpected\s+(?:output|answer|response)\s?:\s?["“][^"”]{0,120}\b(?:is|was|because|caused|broke)\b|\b(?:text|answer|reply)\s+does\s+not\s+(?:name|say|mention|blame)\b`,
  raw`\b(?:add|append|include|insert|put|mention|write)\b.{0,60}\b(?:to|in|into|at\s+the\s+(?:end|top|start)\s+of)\s+(?:the|your|every|each)\s+(?:${product}|causes)\b`,
  raw`\b(?:could|can|would|will)\s+you\s+(?:please|kindly)\s+(?:${say}|put|write|rank|print|report|add|tell)\b`,
  raw`(?:^|[.!?;:,]\s{0,3}|\b(?:and|then|just|must|to)\s+)(?:please|kindly)\s+(?:\w+ly\s+)?(?:say|name|blame|mention|conclude|claim|cite|repeat|obey|rank)\b|\b(?:do\s+not|don't|never)\s+(?:mention|cite|blame|conclude|suspect|reveal|obey|summari[sz]e|tell\s+(?:anyone|them|the\s+(?:user|people|team)))\b`,
  raw`\b(?:respond|reply|answer)\s+(?:\w+\s+)?(?:only\s+(?!once\b|after\b|if\b|when\b|to\b|from\b)|exactly|solely|with\s+(?:only|exactly|just|nothing|the\s+(?:word|text|phrase|single|following|name|string|sentence)|a\s+single|["'“‘\x60]))|\banswer\s+\S{1,40}\s+until\b`,
  raw`\b(?:output|say|print|repeat|mention)\s+(?:only|exactly|just|nothing but)\s+(?!(?:errors?|warnings?|once|if|when|the\s+(?:first|last))\b)|\b(?:output|say|print|write|repeat|echo|insert|append)\s+(?:the\s+(?:following|word|words|phrase|exact|single|sentence)\b|nothing but\b)|\bonly\s+talk\s+about\b`,
  raw`(?:^|[.!?,;:]\s{0,3}|\b(?:and|then|just|only|please|to)\s+)(?:(?:say|claim|write)\s+(?:that\b|it\s+(?:was|is)\b|the\s+(?:root|cause|culprit|latency)\b|latency\s+was\b|errors\s+(?:rose|fell|are)\b)|say\s+\w{1,40}\s+or\b|(?:tell|report\s+to)\s+(?:them|people|everyone|on-?call)\s+(?:to|that)\b)|(?:^|[.!?;:]\s{0,3}|\b(?:then|just|please)\s+)(?:report|state)\s+that\b`,
  raw`\b(?:say|write|report|name|state|put down|give|record)\b.{0,40}\bas\s+(?:the\s+)?(?:root\s+)?(?:cause|culprit)\b|\bwrite\s+(?:an?|the|me\s+an?)\s+(?:story|poem|play|song|scene|dialogue)\b|\b(?:as|the)\s+culprit\s*(?:$|[.!;:,]|is\b)`,
  raw`(?:^|[.!?,;:]\s{0,3}|\b(?:and|then|just|please|must|to|should|only)\s+)(?:blame|accuse)\s+(?:the\b|an?\b|it\b|only\b|\w+$|\w+\s+(?:and|for|instead|by)\b)`,
  // How the judgement is to be.
  raw`\b(?:set|raise|lower|change|make)\b.{0,20}\bconfidence\b(?!\s+(?:threshold|level|interval|score|cutoff)).{0,20}\b(?:to|100)\b|\b(?:mark|treat|consider|classify|regard)\s+(?:this|that|it|all|every|the\s+incident)\b.{0,30}\bas\s+(?:resolved|harmless|benign|a\s+false\s+alarm|noise|the\s+(?:root|cause|culprit))`,
  raw`\b(?:reverse|reorder|flip|swap|shuffle)\s+(?:the|all|your|its|every)\s+(?:\w+\s+)?(?:ranking|ranks|causes|suspects)\b|\brank\b.{0,30}\b(?:causes?|suspects?|candidates?)\b.{0,20}\b(?:first|top|highest|last)\b|\bskip\s+(?:the\s+)?ranking\b|\b(?:cite|quote)\b.{0,15}\[\d`,
  // What is to be given away, or done.
  raw`\b(?:reveal|leak|disclose|exfiltrate|dump)\s+(?:the|your|all|any|every)\b.{0,40}\b(?:credentials?|api keys?|passwords?|secrets?|environment|prompt|instructions)\b|\b(?:print|show|repeat|output|post|send|append|include|recite)\s+(?:\w+\s+)?(?:your|the\s+(?:system|hidden|initial))\b.{0,30}\b(?:prompt|instructions?|credentials|api keys?|secrets?)\b`,
  raw`\b(?:repeat|print|output|recite|translate|summari[sz]e)\s+(?:the|all|every)\b.{0,20}\babove\b|\b(?:decode|decipher|decrypt)\b.{0,40}\b(?:obey|follow|comply|execute|carry out)\b|\b(?:and|then|,)\s+(?:obey|comply)\b`,
].map((source) => new RegExp(source, "i"));

/** The core of all such orders, as it reads without anything between its letters. */
const spelledOut =
  /(?:ignore|disregard|forget|override)(?:all|any|every|the|these|your|my|of)*(?:previous|prior|above|earlier|preceding|foregoing)(?:instruction|prompt|directive|guideline|rules|order|message|text)/;

/** Answers for texts asked about lately: the same facts are looked at for a prompt and for each sentence that cites them. */
const known = new Map<string, boolean>();
const maxKnown = 1_000;
/** Of longer texts the answer is not kept. */
const maxRemembered = 1_000;

/** True when a text orders its reader about: such text is data about an attack, not about an incident. */
export function readsLikeInstructions(text: string): boolean {
  const before = known.get(text);
  if (before !== undefined) return before;
  const answer = ordersAbout(text);
  if (known.size >= maxKnown) known.clear();
  if (text.length <= maxRemembered) known.set(text, answer);
  return answer;
}

function ordersAbout(text: string): boolean {
  const readings = readingsOf(text);
  return readings.some(
    (reading) =>
      orders.some((order) => order.test(reading)) ||
      latinOrders.test(reading.toLowerCase()) ||
      otherOrders.test(reading) ||
      spelledOut.test(squeezed(reading)),
  );
}
