/** What someone changed without the bot, as a change that incidents may suspect, and as a message. */
import type { Change } from "../change.ts";
import { placeOf, type ServingRecord, versionWord } from "../serving.ts";
import { code, moment, oneLine, plain, type Text, type View, type ViewAction } from "../view.ts";

/** Begins the id of a change outside: whoever tells of it, a look or a webhook, it is one change. */
export function outsideChangeId(
  move: Pick<ServingRecord, "model" | "environment" | "version" | "since">,
): string {
  return `${outsidePrefix(move)}${move.since.toISOString()}`;
}

const outside = "outside:";

export function outsidePrefix({
  model,
  environment,
  version,
}: Pick<ServingRecord, "model" | "environment" | "version">): string {
  return `${outside}${model}/${environment}:${oneLine(version ?? "nothing", 100)}:`;
}

/** True of a change that the bot found, or knows by the id of one. */
export function isFoundOutside({ id }: Pick<Change, "id">): boolean {
  return id.startsWith(outside);
}

/** One change for each service that the model serves in, or for the model itself. */
export function outsideChanges(
  record: ServingRecord,
  before: string | null,
  services: readonly string[],
): readonly Change[] {
  const places = services.length === 0 ? [record.model] : services;
  const id = outsideChangeId(record);
  return places.map((service, index) => ({
    id: index === 0 ? id : `${id}:${service}`,
    kind: "deploy",
    service,
    title: oneLine(
      `${placeOf(record)}: ${versionWord(before)} → ${versionWord(record.version)}, outside the bot`,
      300,
    ),
    text: whenText(record),
    author: record.by,
    url: null,
    at: record.since,
    rolloutId: null,
  }));
}

function whenText({ after, since }: ServingRecord): string {
  return after === null || after >= since
    ? "changed without a rollout"
    : `changed without a rollout, between ${after.toISOString()} and ${since.toISOString()}`;
}

export interface OutsideFacts {
  readonly record: ServingRecord;
  readonly before: string | null;
  /** "mlflow", "kubernetes". */
  readonly backend: string;
  /** Rollouts of the target that wait: what was approved is not what would be done now. */
  readonly waiting: readonly number[];
  readonly nameOf: (person: string) => string;
}

/** The message about it. */
export function outsideView(facts: OutsideFacts): View {
  const { record, before, backend, waiting, nameOf } = facts;
  const { part, version, after, since, by, auditSeq } = record;
  const place = placeOf(record);
  const what = part === "registry" ? "The registry's pointer" : "What serves";
  const who = by === null ? `${backend} does not say by whom` : `by ${oneLine(nameOf(by), 80)}`;
  const title = `${place} was changed outside the bot`;
  const when: Text =
    after === null || after >= since
      ? [moment(since)]
      : [plain("between "), moment(after), plain(" and "), moment(since)];
  return {
    kind: "answer",
    title,
    tone: "warning",
    summary: `${title}: ${versionWord(before)} → ${versionWord(version)}, ${who}.`,
    blocks: [
      {
        kind: "text",
        text: [
          plain(`${what} went from `),
          code(oneLine(before ?? "nothing", 100)),
          plain(" to "),
          code(oneLine(version ?? "nothing", 100)),
          plain(` without a rollout; ${who}.`),
        ],
      },
      {
        kind: "fields",
        fields: [
          { label: "When", value: when },
          { label: "Seen in", value: [plain(oneLine(backend, 100))] },
          ...(waiting.length === 0
            ? []
            : [
                {
                  label: "Waiting",
                  value: [plain(`${waitingText(waiting)} planned from ${before ?? "nothing"}: ask anew`)],
                },
              ]),
        ],
      },
    ],
    actions: actionsOf(record, before),
    ...(auditSeq === null ? {} : { footer: `audit entry ${auditSeq}` }),
  };
}

function waitingText(rollouts: readonly number[]): string {
  return rollouts.length === 1
    ? `rollout ${rollouts[0]} was`
    : `rollouts ${rollouts.slice(0, 10).join(", ")} were`;
}

/** A button's command line is at most this long. */
const maxCommand = 100;

function actionsOf({ model, environment, part }: ServingRecord, before: string | null): ViewAction[] {
  const history = `models history ${model} --environment ${environment}`;
  const back = `deploy ${model} ${before} --environment ${environment}`;
  const actions: ViewAction[] = [{ label: "History", command: history, style: "plain" }];
  if (before !== null && part === "serving")
    actions.unshift({
      label: `Deploy ${oneLine(before, 30)} again`,
      command: back,
      style: "danger",
      confirm: `Ask for: /${oneLine(back, 150)}?`,
    });
  return actions.filter(({ command }) => command.length <= maxCommand);
}
