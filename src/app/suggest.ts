/** Suggestions while someone types a command. */

import { fromOptions, kebab } from "../domain/command/options.ts";
import type { Person } from "../domain/people/person.ts";
import { mayAtAll } from "../domain/policy.ts";
import type { ChatDoor, Clock, Command, Log, ModelEntry, OptionValues, Policy, Store } from "../ports.ts";
import { withDeadline } from "./deadline.ts";
import type { PreparedCommand } from "./parse.ts";
import { personOf } from "./person-of.ts";

export type Suggest = ChatDoor["suggest"];

export interface SuggestOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
  readonly commands: readonly Command[];
  readonly prepared: ReadonlyMap<string, PreparedCommand>;
  readonly log: Log;
  readonly clock: Clock;
}

type Question = Parameters<Suggest>[0];
type Suggestions = Awaited<ReturnType<Suggest>>;

/** Discord's limit, and enough for anyone. */
const maxSuggestions = 25;
const maxLabel = 100;
/** Platforms give up after three seconds. */
const timeoutMs = 2_000;

/**
 * Creates the function that suggests. An empty option asks for the names of commands. Only what the person may use is
 * suggested; a slow or failing lookup suggests nothing.
 */
export function createSuggest(options: SuggestOptions): Suggest {
  async function suggest(question: Question): Promise<Suggestions> {
    try {
      const found = await withDeadline(look(question), timeoutMs, `suggestions for ${question.command}`);
      return found.slice(0, maxSuggestions).map(({ label, value }) => ({
        label: label.slice(0, maxLabel),
        value,
      }));
    } catch (error) {
      options.log.warn({ err: error, command: question.command, option: question.option }, "no suggestions");
      return [];
    }
  }

  async function look(question: Question): Promise<Suggestions> {
    const now = options.clock.now();
    const { platform } = question.account;
    const person = await personOf(options.store, options.people, question.account);
    const mayUse = (command: Command) =>
      mayAtAll(
        command.action,
        options.models,
        (action, resource) =>
          options.policy.decide({ person, action, resource, via: platform, now }).kind === "allow",
      );
    if (question.option === "") {
      return options.commands
        .filter((command) => command.name.startsWith(question.partial.toLowerCase()) && mayUse(command))
        .map((command) => ({ label: `${command.name}: ${command.summary}`, value: command.name }));
    }
    const known = options.prepared.get(question.command);
    const option = known?.line.options.find((candidate) => candidate.name === kebab(question.option));
    if (known === undefined || option === undefined || !mayUse(known.command)) return [];
    if (option.choices.length > 0) {
      return option.choices
        .filter((choice) => choice.startsWith(question.partial.toLowerCase()))
        .map((choice) => ({ label: choice, value: choice }));
    }
    const { store, models, people, commands } = options;
    const { [option.key]: _itself, ...given } = valuesOf(known, question.given ?? {});
    const context = { store, models, people, commands, now, given };
    return (await known.command.suggest?.[option.key]?.(question.partial, context)) ?? [];
  }

  return suggest;
}

function valuesOf({ line }: PreparedCommand, given: OptionValues): Readonly<Record<string, unknown>> {
  const read = fromOptions(given, line.options);
  return read.kind === "values" ? read.values : {};
}
