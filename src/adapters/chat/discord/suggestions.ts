/** What Discord shows while someone types into an option. */
import type { OptionShape } from "../../../ports/chat.ts";
import { maxChoices } from "./commands.ts";
import { plainLine } from "./markdown.ts";

type Suggestion = { readonly label: string; readonly value: string };

/** Of a fixed list that is too long to be choices. */
export function matching(option: OptionShape, partial: string): readonly Suggestion[] {
  return option.choices.filter((choice) => includes(choice, partial)).map(pair);
}

function pair(choice: string): Suggestion {
  return { label: choice, value: choice };
}

function includes(choice: string, partial: string): boolean {
  return choice.toLowerCase().includes(partial.toLowerCase());
}

/** Values that would be cut are left out: half a value is another value. */
export function choiceList(option: OptionShape, suggestions: readonly Suggestion[]) {
  return suggestions
    .filter(({ value }) => value !== "" && value.length <= 100)
    .map(({ label, value }) => {
      const name = plainLine(label, 100);
      return {
        name: name === "" ? "…" : name,
        value: option.type === "string" ? value : Number(value),
      };
    })
    .filter(({ value }) => typeof value === "string" || isOfType(value, option.type))
    .slice(0, maxChoices);
}

function isOfType(value: number, type: OptionShape["type"]): boolean {
  return type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
}
