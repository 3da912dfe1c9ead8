/** The prefix of commands' names at the border: taken off what comes in, put on what goes out. */
import { type CommandNaming, ownName, withPrefix } from "../domain/command/prefix.ts";
import type { CommandShape, FormRequest } from "../ports.ts";
import type { Execute } from "./execute.ts";
import type { Render } from "./render.ts";

/** What platforms register under the prefix. */
export function prefixedShape(shape: CommandShape, prefix: string): CommandShape {
  const examples = shape.examples.map((line) => `${prefix}${line}`);
  return { ...shape, name: `${prefix}${shape.name}`, examples };
}

/** The same executor for people who know the commands by their prefixed names. */
export function nameCommands(execute: Execute, naming: CommandNaming): Execute {
  const { prefix } = naming;
  if (prefix === "") return execute;
  return {
    async execute(request) {
      const answer = await execute.execute(ownRequest(request, naming));
      return answer === null ? null : { ...answer, view: withPrefix(answer.view, naming) };
    },
    async look(asked) {
      const found = await execute.look(asked);
      return { ...found, view: withPrefix(found.view, naming) };
    },
    shapes: () => execute.shapes().map((shape) => prefixedShape(shape, prefix)),
    async suggest(question) {
      const { option } = question;
      const command = ownName(question.command, naming);
      // Names are suggested where a command begins, and after "help".
      const isName = option === "" || command === "help";
      const partial = isName ? withoutStart(question.partial, prefix) : question.partial;
      const found = await execute.suggest({ ...question, command, partial });
      if (!isName) return found;
      return found.map(({ label, value }) => ({ label: `${prefix}${label}`, value: `${prefix}${value}` }));
    },
    forms: {
      of(request) {
        const form = execute.forms.of(ownRequest(request, naming));
        return form === null ? null : { ...form, command: `${prefix}${form.command}` };
      },
      async fill(form, request) {
        const own = { ...form, command: ownName(form.command, naming) };
        return { ...(await execute.forms.fill(own, ownRequest(request, naming))), command: form.command };
      },
      async refuse(request) {
        const refusal = await execute.forms.refuse(ownRequest(request, naming));
        return refusal === null ? null : withPrefix(refusal, naming);
      },
      check: (request) => execute.forms.check(ownRequest(request, naming)),
    },
  };
}

/** The same cards with the prefixed names. */
export function nameInCards(render: Render, naming: CommandNaming): Render {
  return async (post) => {
    const shown = await render(post);
    return shown === null ? null : { ...shown, view: withPrefix(shown.view, naming) };
  };
}

function ownRequest<Request extends FormRequest>(request: Request, naming: CommandNaming): Request {
  const command = ownName(request.command, naming);
  const { input } = request;
  if (command !== "help") return { ...request, command };
  const topic = (text: string) => ownName(text.replace(/^\//, "").toLowerCase(), naming);
  if (input.kind === "text") return { ...request, command, input: { kind: "text", text: topic(input.text) } };
  const options = Object.entries(input.options).map(([key, value]) => [
    key,
    key === "command" && typeof value === "string" ? topic(value) : value,
  ]);
  return { ...request, command, input: { kind: "options", options: Object.fromEntries(options) } };
}

/** What is left when the prefix, or the beginning of it that is there so far, is taken off. */
function withoutStart(partial: string, prefix: string): string {
  if (prefix.startsWith(partial)) return "";
  return partial.startsWith(prefix) ? partial.slice(prefix.length) : partial;
}
