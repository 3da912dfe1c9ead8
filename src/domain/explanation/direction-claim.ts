/** Whether what a sentence says to have risen or fallen did so, by one statement of a cited fact about that very thing. */
import { namesAt } from "./clauses.ts";
import { type DirectionPlace, directionPlaces } from "./direction.ts";
import { withoutNames } from "./names.ts";
import {
  allWords,
  covers,
  directionsHeld,
  isAbout,
  type Source,
  type Statement,
  says,
} from "./statements.ts";
import type { Told } from "./told.ts";

/** The first direction that the evidence does not hold, as a reason. */
export function directionProblem(told: Told): string | null {
  for (const clause of told.clauses) {
    const topics = told.topicsOf(clause);
    for (const place of directionPlaces(withoutNames(clause.text, told.names))) {
      const names = namesAt(clause, place.index);
      const near = told.sources.filter(
        (source) => source.kind === "fact" && isAbout(source, names, told.services),
      );
      if (!near.some((source) => isHeld(place, source, topics)))
        return `says that something went ${place.direction}, which the cited evidence does not`;
    }
  }
  return null;
}

function isHeld(place: DirectionPlace, source: Source, topics: readonly string[]): boolean {
  const byTitle =
    source.titleDirections.has(place.direction) && topics.every((topic) => says(source.title, topic));
  if (byTitle && isOfSpeed(place, source, null)) return true;
  return source.statements.some(
    (each) =>
      covers(source, each, topics) &&
      directionsHeld(source, each).has(place.direction) &&
      isOfSpeed(place, source, each),
  );
}

const speed = /^(?:slow|fast)/i;
const lasting = /latenc|slow|fast|duration|\bp\d\d|time ?out|\bwait|\blag|delay|response time/i;

/** "Slow" is told only by what measures time. */
function isOfSpeed({ word }: DirectionPlace, source: Source, statement: Statement | null): boolean {
  if (!speed.test(word)) return true;
  const measured = statement === null ? source.statements : [statement];
  return (
    lasting.test(allWords(source, statement)) ||
    measured.some(({ quantities }) => quantities.some(({ dimension }) => dimension === "time"))
  );
}
