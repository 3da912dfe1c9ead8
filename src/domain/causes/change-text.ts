/** What the words of a change say: whether it can alter a running system, and what it shares with the symptoms. */

import { wordsOf } from "../alert/evidence-kind.ts";
import type { Alert } from "../alert.ts";
import type { Change } from "../change.ts";
import { withoutSecrets } from "../text/redaction.ts";

const maxText = 6_000;
/** Alerts whose words changes are compared with; of more the first. */
export const maxTexts = 200;
const maxSummary = 500;
const shortText = 600;

/** Words of titles and paths that say the change cannot alter how a running system behaves. */
const inertTitle = /^(docs?|tests?|style|chore|ci|build)(\([^)]*\))?!?:/i;
/** What such titles say, too, when they bring other code. */
const bringsCode = /\b(deps|dependenc(y|ies)|bump(s|ed|ing)?|upgrad(e|es|ed|ing)|pin(s|ned)?)\b/i;
const inertFile =
  /(^|\/)(docs?|tests?|testdata|__tests__|\.github|examples?)\/|\.(md|rst|adoc|css|scss|svg|png)$|[._-](test|spec)\.\w+$|_test\.\w+$|(^|\/)(CODEOWNERS|LICENSE|CHANGELOG[^/]*|README[^/]*|\.gitignore|\.golangci\.ya?ml|\.editorconfig)$/;
const tidying =
  /\b(tid(y|ies|ied)|typos?|restyl\w*|reformat\w*|lint\w*|whitespace|comments?|cosmetic\w*|wording)\b/i;
/** The refactorings that by their definition keep behaviour: https://refactoring.com/catalog/ */
const rearranging = /\b(renam(e|es|ed|ing)|extract(s|ed|ing)?|inlin(e|es|ed|ing)|mov(e|es|ed|ing))\b/i;
/** What runs or is stored, where moving and renaming change what a system does. */
const running =
  /\b(traffic|requests?|storage|disks?|volumes?|buckets?|databases?|db|tables?|columns?|schemas?|shards?|caches?|sessions?|queues?|topics?|brokers?|nodes?|pools?|pods?|replicas?|instances?|hosts?|machines?|servers?|clusters?|namespaces?|zones?|regions?|networks?|dns|deployments?|workloads?|(cron)?jobs?|secrets?|credentials?|certificates?|prod(uction)?|staging)\b/i;
/** What names a failure, as experiments, fault injections and emergency switches do. */
const troubleWords =
  /\b(fail(s|ed|ure|ures|ing)?|fault(s|y)?|chaos|stress|errors?|unreachable|unavailable|abort(s|ed)?|delays?|slow|latency|leaks?|floods?|problems?|crash(es|ing)?|partition(s|ed)?|kill(s|ed)?|block(s|ed|ing)?|deny|exhaust(s|ed|ion)?|overload|high cpu|corrupt(s|ed|ion)?)\b/;
/** Titles of changes that end a failure, or make the next one less likely. */
const endingWords =
  /\b(fix(es|ed|ing)?|hotfix(es)?|prevent(s|ed|ing)?|handl(e|es|ed|ing)|avoid(s|ed|ing)?|mitigat(e|es|ed|ing|ion)|resolv(e|es|ed|ing)|reduc(e|es|ed|ing)|revert(s|ed|ing)?|roll(s|ed|ing)? ?back|rollback)\b/;
const switchedOff = /\b(on|true|enabled)\s*(->|=>|→|to)\s*(off|false|disabled)\b/i;
const filePath = /(?:^|[\s"'(])((?:[\w.@-]+\/)*[\w.@-]+\.[A-Za-z]{1,8}|[A-Z]{6,})(?=$|[\s"'):,])/g;
const stopWords = new Set(
  "the a an of to in on for is was and or with by at from usually this that it be are as not no per above below than after before when all any only high low".split(
    " ",
  ),
);

/** True when every file that a change names, or else its title, is of a kind that cannot alter a running system. */
export function isInert(change: Change): boolean {
  const paths = pathsOf(change.text).filter((file) => file.includes("/") || inertFile.test(file));
  if (paths.length > 0) return paths.every((path) => inertFile.test(path));
  return inertTitle.test(change.title) && !bringsCode.test(change.title);
}

/**
 * True when the title of a commit says that behaviour stays as it is. Other changes are of what runs, and a service may
 * be called "comments".
 */
export function isCosmetic({ kind, title, service }: Change): boolean {
  if (kind !== "commit") return false;
  const words = service === null || service === "" ? title : title.replaceAll(service, " ");
  return tidying.test(words) || (rearranging.test(words) && !running.test(words));
}

/** True when a change that carries no code speaks of failure and does not end it. */
export function speaksOfTrouble(change: Change): boolean {
  if (change.kind === "commit" || isSwitchedOff(change)) return false;
  if (endingWords.test(wordsOf(change.title))) return false;
  return troubleWords.test(wordsOf(`${change.title} ${change.text.slice(0, shortText)}`));
}

/** True for what went from on to off. */
export function isSwitchedOff({ title, text }: Change): boolean {
  return switchedOff.test(`${title} ${text.slice(0, shortText)}`);
}

function pathsOf(text: string): string[] {
  return [...text.slice(0, maxText).matchAll(filePath)].map((match) => match[1] ?? "");
}

function tokensOf(text: string): string[] {
  return wordsOf(text)
    .split(" ")
    .filter((word) => word.length > 2 && word.length < 30 && !/^\d+$/.test(word) && !stopWords.has(word))
    .map((word) => (word.length > 4 ? word.replace(/(ies|es|s|ing|ed)$/, "") : word));
}

/**
 * The words that a change adds or takes away. In a diff only changed lines count, and words that both leave and come
 * (moved or rewrapped code) cancel out; a text without diff lines counts whole.
 */
export function changedWords(change: Change): readonly string[] {
  const text = change.text.slice(0, maxText);
  const lines = text.split("\n");
  const changed = lines.filter((line) => /^[+-](?![+-])/.test(line));
  if (changed.length === 0) return tokensOf(`${change.title} ${text}`);
  const net = new Map<string, number>();
  for (const line of changed)
    for (const token of tokensOf(line))
      net.set(token, (net.get(token) ?? 0) + (line.startsWith("+") ? 1 : -1));
  const left = [...net].filter(([, balance]) => balance !== 0).map(([token]) => token);
  return [...tokensOf(`${change.title} ${pathsOf(text).join(" ")}`), ...left];
}

/** How rare a word is among the changes, and which words the alerts use. */
export interface Corpus {
  readonly rarity: ReadonlyMap<string, number>;
  readonly symptoms: ReadonlySet<string>;
}

/** @param changes - the words of each change: what every change says tells nothing. */
export function readCorpus(changes: readonly ReadonlySet<string>[], alerts: readonly Alert[]): Corpus {
  const seen = new Map<string, number>();
  for (const tokens of changes) for (const token of tokens) seen.set(token, (seen.get(token) ?? 0) + 1);
  const rarity = new Map([...seen].map(([token, n]) => [token, Math.log((changes.length + 1) / n)]));
  const symptoms = new Set<string>();
  // Shared words are shown, and a secret is no word of anybody's. Many alerts say the same.
  const texts = alerts
    .slice(0, maxTexts)
    .map(({ name, summary, labels, service }) =>
      [name, summary.slice(0, maxSummary), labels["metric"] ?? "", service ?? ""].join(" "),
    );
  for (const text of new Set(texts)) for (const token of tokensOf(withoutSecrets(text))) symptoms.add(token);
  return { rarity, symptoms };
}

/** Sum of the rarities of shared words, squashed to 0 to 1, with the words that count most. */
export function similarityOf(
  tokens: ReadonlySet<string>,
  corpus: Corpus,
): { readonly score: number; readonly words: readonly string[] } {
  let sum = 0;
  const shared: [string, number][] = [];
  for (const token of tokens) {
    if (!corpus.symptoms.has(token)) continue;
    const rarity = corpus.rarity.get(token) ?? 0;
    sum += rarity;
    shared.push([token, rarity]);
  }
  const words = shared.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([token]) => token);
  return { score: sum / (sum + 6), words: words.slice(0, 4) };
}
