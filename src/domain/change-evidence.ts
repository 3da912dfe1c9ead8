/** What speaks for and against each change as the trigger of an incident, as named numbers. */
import type { Alert } from "./alert.ts";
import type { Feature } from "./cause-evidence.ts";
import type { Change } from "./change.ts";
import { entityOf } from "./entity.ts";
import { wordsOf } from "./evidence-kind.ts";
import type { ServiceGraph } from "./topology.ts";

export interface ChangeEvidence {
  readonly change: Change;
  /** The service it touched: as sent, or read from the paths it names; null when neither says. */
  readonly service: string | null;
  /** Services that a short text names although the change was made elsewhere, as flags do. */
  readonly names: readonly string[];
  readonly features: readonly Feature[];
}

const maxChanges = 300;
/** Clocks of different senders differ; a change this little after onset may still have come first. */
const clockSlackMinutes = 1;

/** Words of titles and paths that say the change cannot alter how a running system behaves. */
const inertTitle = /^(docs?|tests?|style|chore|ci|build)(\([^)]*\))?!?:/i;
const inertFile =
  /(^|\/)(docs?|tests?|testdata|__tests__|\.github|examples?)\/|\.(md|rst|txt|adoc|css|scss|svg|png)$|[._-](test|spec)\.\w+$|_test\.\w+$|(^|\/)(CODEOWNERS|LICENSE|CHANGELOG[^/]*|README[^/]*|\.gitignore|\.golangci\.ya?ml|\.editorconfig)$/;
const cosmeticTitle =
  /\b(tid(y|ies|ied)|typos?|renam(e|es|ed|ing)|restyl\w*|reformat\w*|lint\w*|whitespace|comments?|cosmetic\w*|wording)\b/i;
const filePath = /(?:^|[\s"'(])((?:[\w.@-]+\/)*[\w.@-]+\.[A-Za-z]{1,8}|[A-Z]{6,})(?=$|[\s"'):,])/g;
const stopWords = new Set(
  "the a an of to in on for is was and or with by at from usually this that it be are as not no per above below than after before when all any only high low".split(
    " ",
  ),
);

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
function changedWords(change: Change): string[] {
  const text = change.text.slice(0, 6_000);
  const lines = text.split("\n");
  const changed = lines.filter((line) => /^[+-](?![+-])/.test(line));
  if (changed.length === 0) return tokensOf(`${change.title} ${text}`);
  const net = new Map<string, number>();
  for (const line of changed)
    for (const token of tokensOf(line))
      net.set(token, (net.get(token) ?? 0) + (line.startsWith("+") ? 1 : -1));
  const paths = [...text.matchAll(filePath)].map((match) => match[1] ?? "");
  const left = [...net].filter(([, balance]) => balance !== 0).map(([token]) => token);
  return [...tokensOf(`${change.title} ${paths.join(" ")}`), ...left];
}

/** "checkoutservice" and "checkout-svc" without what names of services end in. */
function stemOf(service: string): string {
  const stem = service.toLowerCase().replace(/[-_.]?(service|svc|server|api|app|worker|backend)$/, "");
  return stem.length >= 3 ? stem : service.toLowerCase();
}

/** The known service that a change without one touches: the first whose name stands in a path or the title. */
function inferService(change: Change, services: readonly string[]): string | null {
  if (change.service !== null) return change.service;
  const head = `${change.title} ${change.text.slice(0, 2_000)}`.toLowerCase();
  let best: { service: string; at: number } | null = null;
  for (const service of services) {
    const at = head.search(new RegExp(`(^|[^a-z0-9])${literally(stemOf(service))}([^a-z0-9]|service|svc|$)`));
    if (at >= 0 && (best === null || at < best.at)) best = { service, at };
  }
  return best?.service ?? null;
}

/** The text as a regular expression that matches just it. */
function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const shortText = 600;

/** Known services whose names stand as words in the title or text of a change that carries no code. */
function namedServices(change: Change, services: readonly string[]): string[] {
  if (change.kind === "commit" || change.text.length > shortText) return [];
  const known = new Set([...services, change.service]);
  // A part of another service's name is no mention: "queue-cart" does not speak of "cart".
  const tokens = `${change.title} ${change.text}`
    .split(/[\s,;:()'"<>]+/)
    .filter((token) => !known.has(token));
  const words = ` ${wordsOf(tokens.join(" "))} `;
  return services.filter(
    (service) => service !== change.service && words.includes(` ${wordsOf(stemOf(service))} `),
  );
}

/** True when every file that a change names, or else its title, is of a kind that cannot alter a running system. */
function isInert(change: Change): boolean {
  const files = [...change.text.slice(0, 6_000).matchAll(filePath)].map((match) => match[1] ?? "");
  const paths = files.filter((file) => file.includes("/") || inertFile.test(file));
  if (paths.length > 0) return paths.every((path) => inertFile.test(path));
  return inertTitle.test(change.title);
}

interface Corpus {
  readonly rarity: ReadonlyMap<string, number>;
  readonly symptoms: ReadonlySet<string>;
}

/** Rarity of words among the changes: what every change says tells nothing. */
function readCorpus(texts: readonly ReadonlySet<string>[], alerts: readonly Alert[]): Corpus {
  const seen = new Map<string, number>();
  for (const tokens of texts) for (const token of tokens) seen.set(token, (seen.get(token) ?? 0) + 1);
  const rarity = new Map([...seen].map(([token, n]) => [token, Math.log((texts.length + 1) / n)]));
  const symptoms = new Set<string>();
  for (const alert of alerts.slice(0, 200)) {
    const parts = [
      alert.name,
      alert.summary.slice(0, 500),
      alert.labels["metric"] ?? "",
      alert.service ?? "",
    ];
    for (const token of tokensOf(parts.join(" "))) symptoms.add(token);
  }
  return { rarity, symptoms };
}

/** Sum of the rarities of shared words, squashed to 0 to 1, with the words that count most. */
function similarity(tokens: ReadonlySet<string>, corpus: Corpus) {
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

/** Collects the evidence of every change in the question. */
export function weighChanges(
  alerts: readonly Alert[],
  changes: readonly Change[],
  graph: ServiceGraph,
): readonly ChangeEvidence[] {
  const considered = [...changes]
    .sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? -1 : 1))
    .slice(0, maxChanges);
  if (considered.length === 0) return [];
  const onset = Math.min(...alerts.map((alert) => alert.startsAt.getTime()));
  const alerting = new Map<string, number>();
  for (const alert of alerts) {
    const entity = entityOf(alert);
    if (entity !== null) alerting.set(entity, (alerting.get(entity) ?? 0) + 1);
  }
  const named = considered.flatMap((change) => (change.service === null ? [] : [change.service]));
  const services = [...new Set([...alerting.keys(), ...named])].sort();
  const carried = carriedBy(considered);
  const texts = considered.map((change) => {
    const cargo = carried.cargoOf.get(change.id);
    return new Set([...changedWords(change), ...(cargo ? changedWords(cargo) : [])]);
  });
  const corpus = readCorpus(texts, alerts);
  return considered.map((change, index) => {
    const service = inferService(change, services);
    const vehicle = carried.vehicleOf.get(change.id);
    const names = namedServices(change, services);
    return {
      change,
      service: service ?? vehicle?.service ?? null,
      names,
      features: featuresOf(change, {
        names,
        service: service ?? vehicle?.service ?? null,
        cargo: carried.cargoOf.get(change.id) ?? null,
        vehicle: vehicle ?? null,
        lagMinutes: (onset - (vehicle ?? change).at.getTime()) / 60_000,
        text: similarity(texts[index] ?? new Set(), corpus),
        alerting,
        graph,
      }),
    };
  });
}

/** Which deploy carries which commit: its text names the commit's id. */
function carriedBy(changes: readonly Change[]) {
  const commits = new Map(changes.filter((c) => c.kind === "commit").map((c) => [c.id, c]));
  const cargoOf = new Map<string, Change>();
  const vehicleOf = new Map<string, Change>();
  for (const change of changes) {
    if (change.kind === "commit") continue;
    for (const word of change.text.slice(0, 2_000).split(/[^\w.-]+/)) {
      const commit = commits.get(word);
      if (commit === undefined) continue;
      cargoOf.set(change.id, commit);
      vehicleOf.set(commit.id, change);
    }
  }
  return { cargoOf, vehicleOf };
}

interface ChangeFacts {
  readonly names: readonly string[];
  readonly service: string | null;
  readonly cargo: Change | null;
  readonly vehicle: Change | null;
  readonly lagMinutes: number;
  readonly text: { readonly score: number; readonly words: readonly string[] };
  readonly alerting: ReadonlyMap<string, number>;
  readonly graph: ServiceGraph;
}

function featuresOf(change: Change, facts: ChangeFacts): Feature[] {
  const { service, lagMinutes, graph, alerting } = facts;
  const features: Feature[] = [];
  const add = (name: string, value: number, because: string) => {
    if (value !== 0) features.push({ name, value, because });
  };
  const label = `${change.kind} "${change.title}"`;
  add(`is:${change.kind}`, 1, `it is a ${change.kind}`);
  if (lagMinutes < -clockSlackMinutes) {
    add("after", 1, `${label} came ${(-lagMinutes).toFixed(1)} min after the first alert`);
  } else {
    const lag = Math.max(0, lagMinutes);
    add(
      "instant",
      Math.exp(-lag),
      `${label} came only ${lag.toFixed(1)} min before, less than alerts usually take`,
    );
    add("recent", Math.exp(-lag / 10), `${label} came ${lag.toFixed(1)} min before the first alert`);
    add("age", Math.log1p(lag) / 2, `${label} had run for ${lag.toFixed(0)} min`);
  }
  if (change.kind === "commit" && facts.vehicle === null) add("undeployed", 1, `no deploy carries ${label}`);
  add(
    "cosmetic",
    cosmeticTitle.test((facts.cargo ?? change).title) ? 1 : 0,
    `${label} says that it changes no behaviour`,
  );
  add("inert", isInert(facts.cargo ?? change) ? 1 : 0, `${label} touches only files that do not run`);
  add("text", facts.text.score * 2, `it speaks of ${facts.text.words.join(", ")}, as the alerts do`);
  const named = facts.names.find((name) => alerting.has(name));
  if (named !== undefined) add("names", 1, `it names ${named}, which is alerting`);
  if (service === null) {
    add("placeless", 1, `${label} names no service`);
    return features;
  }
  if (alerting.has(service)) add("onAlerting", 1, `${service} is alerting`);
  else {
    const near = graph.around(service, 2);
    const hops = Math.min(3, ...[...near].filter(([other]) => alerting.has(other)).map(([, far]) => far));
    add("near", hops === 1 ? 1 : 0, `${service} is next to an alerting service`);
    add("nearby", hops === 2 ? 1 : 0, `${service} is two calls from an alerting service`);
    add("far", hops > 2 ? 1 : 0, `${service} is far from every alerting service`);
    const hurt = [...graph.callers(service)].filter((caller) => alerting.has(caller)).length;
    add("calledBy", hurt > 0 ? 1 : 0, `${hurt} alerting services call ${service}`);
  }
  return features;
}
