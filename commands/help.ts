import { z } from "zod";
import { answerView, commandActions } from "../src/domain/command/answer.ts";
import { optionsOf, usageOf } from "../src/domain/command/options.ts";
import { closest } from "../src/domain/command/spelling.ts";
import { mayAtAll } from "../src/domain/policy.ts";
import { bold, code, oneLine, plain, type Text, type View, type ViewBlock } from "../src/domain/view.ts";
import { type Command, type CommandContext, defineCommand } from "../src/ports/command.ts";

export default defineCommand({
  kind: "read",
  name: "help",
  summary: "Show what you can do here, or how one command is used",
  examples: ["help", "help deploy"],
  options: z.object({ command: z.string().optional().describe("the command to explain") }),
  args: ["command"],
  // Everyone may ask for help; what it lists is filtered by what they may do.
  action: "help",
  suggest: {
    command: (partial, context) =>
      Promise.resolve(
        context.commands
          .filter((command) => command.name.startsWith(partial.toLowerCase()))
          .map((command) => ({ label: command.name, value: command.name })),
      ),
  },
  async run(options, context) {
    if (options.command === undefined) {
      return { kind: "answer", view: overview(context), visibility: "private" };
    }
    const name = options.command.replace(/^\//, "").toLowerCase();
    const command = context.commands.find((candidate) => candidate.name === name);
    if (command !== undefined)
      return { kind: "answer", view: details(command, context), visibility: "private" };
    const near = closest(
      name,
      context.commands.map((candidate) => candidate.name),
    );
    return {
      kind: "refuse",
      reason: "unknown_command",
      problem: `There is no command "${oneLine(name, 60)}".`,
      remedy: near === null ? "/help lists all of them." : `Did you mean /${near}?`,
      suggestions: near === null ? ["help"] : [`help ${near}`],
    };
  },
});

const groups: readonly (readonly [Command["kind"], string])[] = [
  ["read", "Look"],
  ["operate", "Operate"],
  ["rollout", "Change models"],
];

function isAllowed(command: Command, context: CommandContext): boolean {
  return mayAtAll(command.action, context.models, context.may);
}

function overview(context: CommandContext): View {
  const allowed = context.commands.filter((command) => isAllowed(command, context));
  const blocks = groups.flatMap(([kind, heading]): ViewBlock[] => {
    const items = allowed
      .filter((command) => command.kind === kind)
      .map(
        (command): Text => [code(`/${command.name}`), plain(` ${command.summary}. `), ...example(command)],
      );
    if (items.length === 0) return [];
    return [
      { kind: "heading", text: heading },
      { kind: "list", items, ordered: "bulleted" },
    ];
  });
  const hidden = context.commands.length - allowed.length;
  const names = allowed.map((command) => `/${command.name}`).join(", ");
  const more = hidden === 0 ? "" : ` ${hidden} more need a role that you do not have.`;
  return {
    ...answerView(`You can use ${names}.${more}`, { title: "What you can do", blocks }),
    kind: "help",
    footer: `help COMMAND explains one.${more}`,
  };
}

function example(command: Command): Text {
  const [first] = command.examples;
  return first === undefined || first === command.name ? [] : [plain("For example "), code(`/${first}`)];
}

function details(command: Command, context: CommandContext): View {
  const options = optionsOf(command.options);
  const usage = usageOf(command.name, { options, args: command.args, rest: command.rest ?? null });
  const isMine = isAllowed(command, context);
  const rows = options.map((option) => [
    command.args.includes(option.key) ? option.name : `--${option.name}`,
    option.isRequired ? "required" : "optional",
    option.choices.length > 0 ? `${option.summary}: ${option.choices.join(", ")}` : option.summary,
  ]);
  const note: ViewBlock[] = isMine
    ? []
    : [
        {
          kind: "note",
          text: [bold("You may not use it: "), plain(`it needs the right "${command.action}".`)],
        },
      ];
  const blocks: ViewBlock[] = [
    { kind: "text", text: [plain(`${command.summary}.`)] },
    { kind: "code", text: `/${usage}` },
    ...(rows.length === 0 ? [] : [{ kind: "table" as const, columns: ["option", "", "what it is"], rows }]),
    { kind: "list", items: command.examples.map((line): Text => [code(`/${line}`)]), ordered: "bulleted" },
    ...note,
  ];
  const view = answerView(
    `/${usage}: ${command.summary}. For example /${command.examples[0] ?? command.name}.`,
    {
      title: `/${command.name}`,
      blocks,
      actions: isMine && command.kind === "read" ? commandActions(command.examples) : [],
    },
  );
  return { ...view, kind: "help" };
}
