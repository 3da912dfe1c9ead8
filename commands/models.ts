import { z } from "zod";
import { answerView } from "../src/domain/answer.ts";
import { modelResource } from "../src/domain/policy.ts";
import { closest } from "../src/domain/spelling.ts";
import { oneLine, type ViewAction, type ViewBlock } from "../src/domain/view.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type ModelEntry,
} from "../src/ports/command.ts";
import type { ModelVersion } from "../src/ports/model.ts";
import { nameOf, suggestModels } from "./_lookup.ts";

const maxVersions = 20;

export default defineCommand({
  kind: "read",
  name: "models",
  summary: "Show which version of each model serves where, since when and by whom",
  examples: ["models", "models correlator"],
  options: z.object({ model: z.string().max(200).optional().describe("one model, with its versions") }),
  args: ["model"],
  action: "read",
  suggest: { model: suggestModels },
  async run(options, context) {
    if (options.model === undefined) return await all(context);
    const entry = context.models.find((model) => model.name === options.model);
    if (entry !== undefined) return await one(entry, context);
    const names = context.models.map((model) => model.name);
    const near = closest(options.model, names);
    return {
      kind: "refuse",
      reason: "unknown_model",
      problem: `There is no model "${oneLine(options.model, 60)}".`,
      remedy: `Models are: ${names.join(", ")}.`,
      suggestions: near === null ? ["models"] : [`models ${near}`],
    };
  },
});

async function all(context: CommandContext): Promise<CommandResult> {
  const places = context.models.flatMap((entry) =>
    entry.environments.map((environment) => ({ entry, environment })),
  );
  const rows = await Promise.all(places.map((place) => liveRow(place.entry, place.environment, context)));
  const text = rows
    .map(([model, environment, version]) => `${model} in ${environment}: ${version}`)
    .join("; ");
  const view = answerView(rows.length === 0 ? "No models are configured." : `${text}.`, {
    title: "What serves where",
    blocks: [{ kind: "table", columns: ["model", "environment", "version", "since", "by", "backend"], rows }],
  });
  return { kind: "answer", view, visibility: "private" };
}

async function liveRow(
  entry: ModelEntry,
  environment: string,
  context: CommandContext,
): Promise<readonly string[]> {
  try {
    const live = await entry.backend.live(entry.name, environment);
    const since = live.since === null ? "–" : live.since.toISOString().slice(0, 16).replace("T", " ");
    const by = live.by === null ? "–" : nameOf(context.people, live.by);
    return [entry.name, environment, live.version ?? "nothing", since, by, entry.backend.name];
  } catch (error) {
    // One backend that is away must not hide the others.
    const why = oneLine(error instanceof Error ? error.message : String(error), 120);
    context.log.warn({ err: error, model: entry.name, environment }, "the backend cannot say what serves");
    return [entry.name, environment, `unknown: ${why}`, "–", "–", entry.backend.name];
  }
}

async function one(entry: ModelEntry, context: CommandContext): Promise<CommandResult> {
  const live = await Promise.all(
    entry.environments.map((environment) => liveRow(entry, environment, context)),
  );
  const versions = await versionsOf(entry, context);
  if (typeof versions === "string") {
    return {
      kind: "refuse",
      reason: "backend_away",
      problem: `The backend "${entry.backend.name}" of ${entry.name} cannot be asked: ${versions}.`,
      remedy: "Try again when it answers.",
    };
  }
  const serving = live.map(([, environment, version]) => `${version} in ${environment}`).join(", ");
  const view = answerView(`${entry.name}: ${serving} serves; ${versions.length} versions.`, {
    title: entry.name,
    blocks: [
      { kind: "table", columns: ["model", "environment", "version", "since", "by", "backend"], rows: live },
      ...versionTable(versions, context),
    ],
    actions: deployActions(entry, versions, live, context),
  });
  return { kind: "answer", view, visibility: "private" };
}

async function versionsOf(
  entry: ModelEntry,
  context: CommandContext,
): Promise<readonly ModelVersion[] | string> {
  try {
    return await entry.backend.versions(entry.name);
  } catch (error) {
    context.log.warn({ err: error, model: entry.name }, "the backend cannot list versions");
    return oneLine(error instanceof Error ? error.message : String(error), 200);
  }
}

function versionTable(versions: readonly ModelVersion[], context: CommandContext): ViewBlock[] {
  if (versions.length === 0) return [];
  const names = [...new Set(versions.flatMap((version) => Object.keys(version.metrics)))].sort().slice(0, 6);
  const rows = versions.slice(0, maxVersions).map((version) => [
    version.version,
    version.createdAt === null ? "–" : version.createdAt.toISOString().slice(0, 16).replace("T", " "),
    version.createdBy === null ? "–" : nameOf(context.people, version.createdBy),
    ...names.map((name) => {
      const value = version.metrics[name];
      return value === undefined ? "–" : String(Number(value.toPrecision(4)));
    }),
    oneLine(version.description, 120),
  ]);
  return [{ kind: "table", columns: ["version", "made", "by", ...names, "what it is"], rows }];
}

function deployActions(
  entry: ModelEntry,
  versions: readonly ModelVersion[],
  live: readonly (readonly string[])[],
  context: CommandContext,
): ViewAction[] {
  const newest = versions[0];
  if (newest === undefined) return [];
  return entry.environments
    .filter((environment) => !live.some((row) => row[1] === environment && row[2] === newest.version))
    .filter((environment) => context.may("deploy", modelResource(entry, environment)))
    .slice(0, 3)
    .map((environment) => ({
      label: `Deploy ${newest.version} to ${environment}`,
      command: `deploy ${entry.name} ${newest.version} --environment ${environment}`,
      style: "plain",
      confirm: `Ask for ${entry.name} ${newest.version} in ${environment}?`,
    }));
}
