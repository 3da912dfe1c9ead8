/** Words that bring something into a sentence of which evidence has to speak: things to blame, states, sizes, times. */
import { hasStem, wordsIn } from "./explanation-names.ts";

/** What an incident may be blamed on, and whom it may concern. */
const subjects = new Set(
  `database db sql cache queue topic broker disk volume storage memory heap swap cpu thread network dns tls ssl
  certificate cert node host vm machine pod container replica kernel kubelet kubernetes k8s cluster namespace zone region
  cloud provider vendor balancer proxy firewall gateway router switch redis postgres postgresql mysql mongo mongodb kafka
  rabbitmq nginx envoy istio aws azure gcp bug leak deadlock lock race attack attacker ddos hacker intruder breach malware
  misconfiguration config configuration migration schema quota limit timeout traffic load password token credential key
  permission user users customer customers client clients payment payments order orders revenue money data loss outage
  team engineer operator developer author someone model flag feature deploy deployment release rollout commit backup cron
  job batch upgrade patch restart reboot crash panic exception oom`.split(/\s+/),
);

/** States that end or belittle an incident. */
const states =
  /\b(?:healthy|fine|normal|recover\w*|resolved|harmless|benign|false|unaffected|expected|planned|ended|cleared|stable|ok|okay|safe|safely|unrelated|irrelevant|ignored?|fixed|solved|mitigated|gone|impact)\b/giu;

/** Sizes and times that nothing was measured by. */
const vague =
  /\b(?:hundreds|thousands|millions|billions|dozens|everybody|everyone|nobody|all|every|entire(?:ly)?|whole|completely|totally|certainly|definitely|undoubtedly|surely|guaranteed|proven|confirmed|yesterday|today|tonight|tomorrow|ago|last (?:night|week|month|hour)|always|constantly)\b/giu;

/** Compounds of ordinary language. */
const compounds = new Set(
  `end-to-end up-to-date long-running short-lived well-known user-facing customer-facing real-time so-called knock-on
  follow-on in-flight root-cause back-to-back one-off roll-out roll-back start-up time-out built-in high-severity
  critical-severity low-severity re-ranked non-zero far-off best-supported better-supported`.split(/\s+/),
);

const owner =
  /\b(?<name>\p{L}[\p{L}-]{2,})\s+(?:service|server|pod|host|node|database|cluster|deployment|model|queue|team|api|app)s?\b/giu;
const unowned = new Set(
  `the this that these those its their his her our any some one two three four five six both each no other another same
  first second third last next only whole affected alerting calling called changed suspected upstream downstream callee
  caller dependent failing slow broken sick silent neighbouring nearby and or of to in on by with from for at named
  ranked main new old earlier later many few several most blamed unnamed`.split(/\s+/),
);

/**
 * The first word that the facts do not speak of although it matters: a thing, a state, a size, a name; null when none.
 * @param rest - a sentence without the names that its evidence holds.
 * @param source - all that the cited evidence and the ranking say.
 */
export function strangerIn(rest: string, source: string): string | null {
  const known = new Set(wordsIn(source));
  const isKnown = (word: string) => known.has(word.toLowerCase()) || hasStem(source, word);
  const thing = wordsIn(rest).find((word) => isSubject(word) && !isKnown(word));
  if (thing !== undefined) return thing;
  for (const pattern of [states, vague])
    for (const [word] of rest.matchAll(pattern)) if (!hasAll(known, word)) return word;
  for (const { groups } of rest.matchAll(owner)) {
    const name = groups?.["name"] ?? "";
    if (!unowned.has(name.toLowerCase()) && !isSubject(name.toLowerCase()) && !isKnown(name)) return name;
  }
  const compound = (rest.match(/\p{L}+(?:-\p{L}+)+/gu) ?? []).find(
    (word) => !compounds.has(word.toLowerCase()) && !source.toLowerCase().includes(word.toLowerCase()),
  );
  if (compound !== undefined) return compound;
  // A capital within a sentence makes a name.
  return (
    (rest.match(/(?<=[\p{Ll}\p{N},)]\s+)\p{Lu}\p{L}+/gu) ?? []).find(
      (word) => word !== "UTC" && !isKnown(word),
    ) ?? null
  );
}

function isSubject(word: string): boolean {
  return subjects.has(word) || subjects.has(word.replace(/s$/, ""));
}

function hasAll(known: ReadonlySet<string>, words: string): boolean {
  return words
    .toLowerCase()
    .split(" ")
    .every((word) => known.has(word));
}
