/** Whether a sentence denies what it cites, or makes an alert more or less severe than it is. */
import type { Evidence } from "../explanation.ts";
import { isChange } from "./cited.ts";
import { type Clause, namesAt } from "./clauses.ts";
import { isNegated } from "./direction.ts";
import { withoutNames } from "./names.ts";
import { isAbout, says } from "./statements.ts";
import type { Told } from "./told.ts";
import { severityOf } from "./trouble.ts";

const trouble =
  /\b(?:alert\w*|alarm\w*|fir(?:e|es|ed|ing)|fail\w*|slow\w*|errors?|brok\w+|break\w*|troubles?|problems?|issues?|suffer\w*|degrad\w+|affect\w*|hit|symptoms?|happen\w*|occur\w*|exist\w*|report\w*|show\w*|wait\w*)\b/giu;
const change =
  /\b(?:chang\w+|deploy\w*|roll\w*|live|versions?|updat\w+|releas\w+|happen\w*|occur\w*|exist\w*|places?|went|go|goes|gone|came|come|comes|beg[aiu]n\w*|start\w*|before|after|earlier|later|preced\w+|follow\w*)\b/giu;
const unharmed = /\bwork(?:s|ed|ing)?\b/giu;
/** Of callers other rules judge whether they alert. */
const ofCallers = /\b(?:callers?|dependents?|depends?|others|them)\b/i;
const farNegation =
  /\b(?:not(?!\s+(?:only|just)\b)|no|never|none|nothing|without|free|hardly|barely|cannot|\p{L}+n['’]t)(?:\s+(?:\p{L}+ly|of|in|at|all|any|an?|the|to|be|been|longer|more|yet|even|have|had|single|such|recent|new)){0,5}\s*$/iu;
const justBefore = /\b(?:no|not|neither|nor|without|never)(?:\s+(?:the|such|any|an?))?\s*$/iu;

/** What a sentence denies although it cites it, as a reason. */
export function denialProblem(told: Told): string | null {
  for (const clause of told.clauses) {
    const word = deniedIn(clause, told);
    if (word !== null) return `denies "${word}", of which the cited evidence tells`;
  }
  return null;
}

function deniedIn(clause: Clause, told: Told): string | null {
  const text = withoutNames(clause.text, told.names);
  const isCited = (index: number, test: (fact: Evidence) => boolean) =>
    citedAt(clause, index, told).some(test);
  const isAlert = ({ kind }: Evidence) => kind === "alert";
  const find = (pattern: RegExp, test: (fact: Evidence) => boolean) =>
    [...text.matchAll(pattern)].find(({ index }) => isDenied(text, index) && isCited(index, test))?.[0] ??
    null;
  const changed = find(change, isChange);
  if (changed !== null || ofCallers.test(text)) return changed;
  const works = [...text.matchAll(unharmed)].find(
    ({ index }) => !isDenied(text, index) && isCited(index, isAlert),
  );
  const named = clause.phrases.find(
    ({ from }) => justBefore.test(clause.text.slice(0, from)) && isCited(from, isAlert),
  );
  return find(trouble, isAlert) ?? named?.names[0] ?? works?.[0] ?? topicDenied(text, clause, told);
}

function isDenied(text: string, index: number): boolean {
  return isNegated(text, index) || farNegation.test(text.slice(0, index));
}

/** "No latency" of what a cited fact measures. */
function topicDenied(text: string, clause: Clause, told: Told): string | null {
  const near = (index: number) => {
    const names = namesAt(clause, index);
    return told.sources.filter((source) => source.kind === "fact" && isAbout(source, names, told.services));
  };
  const denied = told.topicsOf(clause).find((topic) => {
    const index = text.toLowerCase().indexOf(topic);
    if (index < 0 || !isDenied(text, index)) return false;
    return near(index).some(({ statements }) => statements.some((each) => says(each.text, topic)));
  });
  return denied ?? null;
}

function citedAt(clause: Clause, index: number, told: Told): readonly Evidence[] {
  const names = namesAt(clause, index);
  return told.sources.flatMap((source) =>
    source.fact !== null && isAbout(source, names, told.services) ? [source.fact] : [],
  );
}

// ---------- severity ----------

/** Words for how severe something is, and of which severities they are true. */
const severities: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\bcritical\w*\b/giu, ["critical"]],
  [/\bwarnings?\b/giu, ["warning"]],
  [/\binfo(?:rmational)?\b/giu, ["info"]],
  [/\bhigh(?=[\s-]+(?:alerts?|severity|priority)\b)|(?<=\bseverity\s(?:is\s|of\s)?)high\b/giu, ["high"]],
  [/\b(?:severe|serious|major)\b/giu, ["critical", "high"]],
  [/\bminor\b/giu, ["warning", "info"]],
];

/** A word for the severity that is not that of the cited alert, as a reason. */
export function severityProblem(told: Told, incidentSeverity: string): string | null {
  for (const clause of told.clauses) {
    const text = withoutNames(clause.text, told.names);
    for (const [pattern, allowed] of severities)
      for (const { 0: word, index } of text.matchAll(pattern)) {
        const alerts = citedAt(clause, index, told).filter(({ kind }) => kind === "alert");
        const held = /\bincident\b/i.test(text) ? [incidentSeverity] : alerts.map(severityOf);
        if (
          isNegated(text, index) ||
          /\bless\s+$/i.test(text.slice(0, index)) ||
          !held.some((severity) => allowed.includes(severity))
        )
          return `says "${word}", which is not the severity of what it cites`;
      }
  }
  return null;
}
