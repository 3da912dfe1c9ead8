/**
 * Loads plug-in files as the bot does, in a process of its own, because a test runner resolves imports in its own way.
 * Usage: node --import tsx test/docs-plugins.ts TOCSIN_YAML WORK, where WORK is JSON of `workShape`.
 * Prints what came of it as one JSON line.
 */
import { z } from "zod";
import { parseDelivery } from "../src/app/parse-delivery.ts";
import { readConfig } from "../src/config.ts";
import { optionsOf, parseLine } from "../src/domain/command/options.ts";
import { loadPlugins } from "../src/main/plugins.ts";
import type { Command, CommandContext, CommandResult } from "../src/ports.ts";

/** Bodies to parse with a source, and a command whose examples are run over these incidents. */
const workShape = z.object({
  source: z.string(),
  bodies: z.array(z.string()),
  command: z.string(),
  incidents: z.array(z.looseObject({ startedAt: z.coerce.date() })),
});

const [, , file = "", work = "{}"] = process.argv;
const { source: sourceName, bodies, command: commandName, incidents } = workShape.parse(JSON.parse(work));
const plugins = await loadPlugins(readConfig({ TOCSIN_CONFIG: file }));
const receivedAt = new Date("2026-03-01T02:12:00Z");
const configured = plugins.sources.get(sourceName);
const command = plugins.commands.find(({ name }) => name === commandName);

const parsed = bodies.map((text) => {
  if (configured === undefined) return null;
  return parseDelivery(configured, { body: new TextEncoder().encode(text), headers: {}, receivedAt });
});
const answers = [];
for (const example of command?.examples ?? []) answers.push(await run(command, example));
const seen = {
  findings: plugins.findings,
  sources: [...plugins.sources.keys()],
  commands: plugins.commands.map(({ name }) => name),
  backends: [...plugins.backends.keys()],
  parsed,
  answers,
};
console.log(JSON.stringify(seen));

async function run(given: Command | undefined, line: string): Promise<CommandResult | null> {
  if (given === undefined || given.kind === "rollout") return null;
  const { args, rest = null } = given;
  const read = parseLine(line.split(" ").slice(1).join(" "), {
    options: optionsOf(given.options),
    args,
    rest,
  });
  if (read.kind !== "values") throw new Error(`${line}: ${read.kind}`);
  const context = {
    now: new Date("2026-03-01T13:00:00Z"),
    people: [{ id: "oncall", name: "On call", roles: ["sre"], accounts: {} }],
    store: { incidents: { list: () => Promise.resolve(incidents) } },
  };
  // The command uses no more of its context than this; anything else would throw.
  return await given.run(given.options.parse(read.values), context as unknown as CommandContext);
}
