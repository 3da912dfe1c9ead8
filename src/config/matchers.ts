/** Matchers of tocsin.yaml: each entry is one, or several with commas between them. */
import { type Matcher, parseMatchers, problemText } from "../domain/suppression/matcher.ts";
import { ConfigError } from "./error.ts";

/**
 * @param where - the key, from the top of the file on.
 * @throws ConfigError naming the key, the entry and the remedy.
 */
export function matchersAt(texts: readonly string[], where: string): readonly Matcher[] {
  return texts.flatMap((text) => {
    const read = parseMatchers(text);
    if (!("kind" in read)) return read;
    throw new ConfigError(`tocsin.yaml ${where}: ${problemText(read)}; ${read.remedy}`);
  });
}
