import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { closest } from "../src/domain/command/spelling.ts";
import { modelResource } from "../src/domain/policy.ts";
import { targetOf } from "../src/domain/rollout/plan.ts";
import { liveWord, modelsView, type TargetFacts, targetBlocks } from "../src/domain/serving/models-view.ts";
import type { ServingRecord } from "../src/domain/serving.ts";
import { oneLine, type ViewAction, type ViewBlock } from "../src/domain/view.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type ModelEntry,
} from "../src/ports/command.ts";
import type { ModelVersion } from "../src/ports/model.ts";
import { answerWithin } from "../src/queries/serving-history.ts";
import { nameOf, suggestEnvironments, suggestModels } from "./_lookup.ts";
import { modelHistory } from "./_model-history.ts";

const maxVersions = 20;

export default defineCommand({
  kind: "read",
  name: "models",
  summary: "Show which version of each model serves where, or which served at any time",
  examples: [
    "models",
    "models correlator",
    "models history correlator",
    "models history correlator --at 2026-11-01T12:00Z",
  ],
  options: z.object({
    what: z.string().max(200).optional().describe("a model, with its versions; or: history"),
    model: z.string().max(200).optional().describe("the model whose history is asked for"),
    environment: z.string().max(100).optional().describe("with history: only there"),
    at: z.string().max(40).optional().describe("with history: what served at that moment, 2026-11-01T12:00Z"),
    page: z.number().int().min(1).max(1_000).default(1).describe("with history: 2 for older ones"),
  }),
  args: ["what", "model"],
  action: "read",
  suggest: {
    what: async (partial, context) => {
      const history = "history".startsWith(partial.toLowerCase())
        ? [{ label: "history", value: "history" }]
        : [];
      return [...history, ...(await suggestModels(partial, context))];
    },
    model: suggestModels,
    environment: suggestEnvironments,
  },
  async run(options, context) {
    const { what, model, environment = null, at = null, page } = options;
    const isHistory = what === "history" || at !== null;
    const name = what === "history" ? model : (model ?? what);
    if (what !== undefined && what !== "history" && model !== undefined)
      return unknownModel(what, `history ${model}`, context);
    if (name === undefined) return isHistory ? whichModel(context) : await all(context);
    const entry = context.models.find((candidate) => candidate.name === name);
    if (entry === undefined) return unknownModel(name, null, context);
    return isHistory
      ? await modelHistory({ entry, environment, at, page }, context)
      : await one(entry, context);
  },
});

function whichModel(context: CommandContext): CommandResult {
  const names = context.models.map((model) => model.name);
  return {
    kind: "refuse",
    reason: "missing",
    problem: "The history of which model?",
    remedy: `Models are: ${names.join(", ")}.`,
    suggestions: names.slice(0, 5).map((name) => `models history ${name}`),
  };
}

/** @param meant - a line that was probably meant, without the command's name; null when only a name is wrong. */
function unknownModel(name: string, meant: string | null, context: CommandContext): CommandResult {
  const names = context.models.map((model) => model.name);
  const near = closest(name, names);
  const isKnown = names.includes(name);
  return {
    kind: "refuse",
    reason: isKnown ? "extra_words" : "unknown_model",
    problem: isKnown
      ? `/models does not know what to do with a second name after ${name}.`
      : `There is no model "${oneLine(name, 60)}".`,
    remedy: `Models are: ${names.join(", ")}.`,
    suggestions: [
      ...(meant === null ? [] : [`models ${meant}`]),
      near === null ? "models" : `models ${near}`,
    ],
  };
}

const backendMs = 10_000;
/** Newest rollouts of a place among which the one that serves is looked for. */
const maxRollouts = 20;

async function all(context: CommandContext): Promise<CommandResult> {
  const places = context.models.flatMap((entry) =>
    entry.environments.map((environment) => ({ entry, environment })),
  );
  const targets = await targetsOf(places, context);
  const view = modelsView(targets, (id) => nameOf(context.people, id));
  return { kind: "answer", view, visibility: "private" };
}

interface Place {
  readonly entry: ModelEntry;
  readonly environment: string;
}

async function targetsOf(places: readonly Place[], context: CommandContext): Promise<readonly TargetFacts[]> {
  const { serving, rollouts } = context.store;
  const [records, locks] = [await serving.current(), await rollouts.locks()];
  return await Promise.all(
    places.map(async (place) => {
      const { entry, environment } = place;
      const [model, target] = [entry.name, targetOf({ model: entry.name, environment })];
      const known = records.find(
        (record) => record.model === model && record.environment === environment && record.part === "serving",
      );
      const { live, notes } = await liveOf(place, known, context);
      const lock = locks.find((candidate) => candidate.target === target) ?? null;
      const queue = await rollouts.queue(target);
      const waiting = queue.filter(({ id }) => id !== lock?.rolloutId);
      const bake = live.kind === "known" ? await bakeOf(place, live.version, context) : null;
      return { model, environment, live, bake, lock, waiting, notes };
    }),
  );
}

/** Of the rollout that brought the version that serves. */
async function bakeOf({ entry, environment }: Place, version: string | null, { store }: CommandContext) {
  const rollouts = await store.rollouts.list({
    ...{ model: entry.name, environment },
    states: ["succeeded"],
    limit: maxRollouts,
  });
  return rollouts.find(({ plan }) => plan.to !== null && plan.to === version)?.bake ?? null;
}

async function liveOf(
  place: Place,
  known: ServingRecord | undefined,
  context: CommandContext,
): Promise<Pick<TargetFacts, "live" | "notes">> {
  const { entry, environment } = place;
  try {
    const { version, since, by } = await answerWithin(entry.backend.live(entry.name, environment), backendMs);
    // The bot's record says what the backend does not, as long as both mean the same.
    const record = known?.version === version ? known : undefined;
    const notes = notesOf({ record, version, pointed: await pointedTo(place) });
    const live = { version, since: since ?? record?.since ?? null, by: by ?? record?.by ?? null };
    return { live: { kind: "known", ...live }, notes };
  } catch (error) {
    // One backend that is away must not hide the others.
    const problem = oneLine(error instanceof Error ? error.message : String(error), 120);
    context.log.warn({ err: error, model: entry.name, environment }, "the backend cannot say what serves");
    const lastSeen = known === undefined ? null : { version: known.version, at: known.seenAt };
    return { live: { kind: "unknown", problem, lastSeen }, notes: [] };
  }
}

/** What the registry points to where that is another place; undefined where it is not, or is away. */
async function pointedTo({ entry, environment }: Place): Promise<string | null | undefined> {
  if (entry.backend.pointed === undefined) return undefined;
  const asked = answerWithin(entry.backend.pointed(entry.name, environment), backendMs);
  return await asked.then(
    ({ version }) => version,
    () => undefined,
  );
}

function notesOf(seen: {
  readonly record: ServingRecord | undefined;
  readonly version: string | null;
  readonly pointed: string | null | undefined;
}): readonly string[] {
  const { record, version, pointed } = seen;
  return [
    ...(record?.cause === "outside" ? ["changed outside the bot"] : []),
    ...(pointed === undefined || pointed === version
      ? []
      : [`the registry points to ${pointed === null ? "nothing" : oneLine(pointed, 60)}`]),
  ];
}

function minuteOf(at: Date | null): string {
  return at === null ? "–" : at.toISOString().slice(0, 16).replace("T", " ");
}

async function one(entry: ModelEntry, context: CommandContext): Promise<CommandResult> {
  const targets = await targetsOf(
    entry.environments.map((environment) => ({ entry, environment })),
    context,
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
  const serving = targets.map((target) => `${liveWord(target)} in ${target.environment}`).join(", ");
  const view = answerView(`${entry.name}: ${serving} serves; ${versions.length} versions.`, {
    title: entry.name,
    blocks: [
      ...targetBlocks(targets, (id) => nameOf(context.people, id)),
      ...versionTable(versions, context),
    ],
    actions: [
      ...deployActions(entry, versions, targets, context),
      { label: "History", command: `models history ${entry.name}`, style: "plain" },
    ],
    footer: `backend ${entry.backend.name}`,
  });
  return { kind: "answer", view, visibility: "private" };
}

async function versionsOf(
  entry: ModelEntry,
  context: CommandContext,
): Promise<readonly ModelVersion[] | string> {
  try {
    return await answerWithin(entry.backend.versions(entry.name), backendMs);
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
    minuteOf(version.createdAt),
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
  targets: readonly TargetFacts[],
  context: CommandContext,
): ViewAction[] {
  const newest = versions[0];
  if (newest === undefined) return [];
  return entry.environments
    .filter(
      (environment) =>
        !targets.some((target) => target.environment === environment && liveWord(target) === newest.version),
    )
    .filter((environment) => context.may("deploy", modelResource(entry, environment)))
    .slice(0, 3)
    .map((environment) => ({
      label: `Deploy ${newest.version} to ${environment}`,
      command: `deploy ${entry.name} ${newest.version} --environment ${environment}`,
      style: "plain",
      confirm: `Ask for ${entry.name} ${newest.version} in ${environment}?`,
    }));
}
