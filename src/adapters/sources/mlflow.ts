import { createHash } from "node:crypto";
import { z } from "zod";
import {
  isRecord,
  own,
  readMoment,
  shown,
  storable,
  textOfValue,
  unlessAhead,
} from "../../domain/alert/intake.ts";
import { isSignedMessage } from "../../domain/alert/sender.ts";
import type { Change, PointerMove } from "../../domain/change.ts";
import { oneLine } from "../../domain/view.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const remedy =
  'Send what an MLflow webhook sends: {"entity": "model_version_alias", "action": "created", "timestamp", "data": {"name", "alias", "version"}}.';

const signatureHeader = "x-mlflow-signature";
const idHeader = "x-mlflow-delivery-id";
const timestampHeader = "x-mlflow-timestamp";

const settingsSchema = z.strictObject({
  /** Registered model to the service of the topology that it serves in; the model's own name when left out. */
  services: z.record(z.string(), z.string().min(1).max(256)).default({}),
  /** Aliases whose moves are changes; all but `previous` and `previous-…` when left out. */
  aliases: z.array(z.string().min(1).max(256)).max(100).optional(),
});
type Settings = z.output<typeof settingsSchema>;

/**
 * MLflow's registry webhooks (3.3 and later): moves of aliases and new versions become changes. They are sent once,
 * from memory, and lost when the server stops: what serves is always asked of the registry itself.
 * @see https://mlflow.org/docs/latest/ml/webhooks/
 */
export default defineSource({
  name: "mlflow",
  summary: "MLflow registry webhooks: aliases moved, versions registered",
  checks: ["hmac", "token"],
  hmac: { isSigned, header: "X-MLflow-Signature" },
  parse,
  settingsProblem: (settings) => {
    const parsed = settingsSchema.safeParse(settings ?? {});
    if (parsed.success) return null;
    const issue = parsed.error.issues[0];
    return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}; expected services (model to service) and aliases (a list)`;
  },
});

function isSigned({ headers, body, receivedAt }: RawDelivery, secret: string): boolean {
  return isSignedMessage({
    id: headers[idHeader] ?? "",
    timestamp: headers[timestampHeader] ?? "",
    signature: headers[signatureHeader] ?? "",
    key: secret,
    body,
    receivedAt,
  });
}

function parse(body: unknown, delivery: RawDelivery, settings: unknown): ParseResult {
  if (!isRecord(body)) return unparseable(`the body must be an object; got ${shown(body)}`);
  const entity = textOfValue(own(body, "entity"), 100);
  const action = textOfValue(own(body, "action"), 100);
  if (entity === null || action === null)
    return unparseable(
      `"entity" and "action" must be texts; got ${shown(own(body, "entity"))}, ${shown(own(body, "action"))}`,
    );
  const given = own(body, "timestamp");
  const at = given === undefined ? delivery.receivedAt : readMoment(given);
  if (at === null) return unparseable(`"timestamp" must be a time; got ${shown(given)}`);
  const parsed = settingsSchema.safeParse(settings ?? {});
  const known = parsed.success ? parsed.data : settingsSchema.parse({});
  const event = readEvent(entity, action, own(body, "data"), known);
  if (event.kind === "problem") return unparseable(event.problem);
  const changes =
    event.kind === "change"
      ? [changeOf(event, unlessAhead(at, delivery.receivedAt) ?? delivery.receivedAt, known)]
      : [];
  return { kind: "parsed", delivery: { alerts: [], changes, topology: null } };
}

type Event =
  | {
      readonly kind: "change";
      readonly change: Change["kind"];
      readonly model: string;
      readonly what: string;
      readonly text: string;
      readonly pointer?: PointerMove;
    }
  /** An event that changes nothing that serves: a tag, a new empty model. */
  | { readonly kind: "nothing" }
  | { readonly kind: "problem"; readonly problem: string };

function readEvent(entity: string, action: string, data: unknown, settings: Settings): Event {
  if (entity === "model_version_alias" || entity === "prompt_alias") {
    const kind = entity === "prompt_alias" ? "config" : "deploy";
    return readAlias(kind, action, data, settings);
  }
  if (entity === "model_version" && action === "created") return readVersion(data);
  return { kind: "nothing" };
}

function readAlias(change: Change["kind"], action: string, data: unknown, { aliases }: Settings): Event {
  const model = nameIn(data, "name");
  const alias = nameIn(data, "alias");
  if (model === null || alias === null) return missing("name and alias", data);
  const isWatched = aliases === undefined ? !/^previous(-|$)/.test(alias) : aliases.includes(alias);
  if (!isWatched) return { kind: "nothing" };
  const pointer = { registry: "mlflow", name: model, alias, version: null };
  const removed = { kind: "change", change, model, what: `alias ${alias} removed`, text: "" } as const;
  if (action === "deleted") return { ...removed, pointer };
  const version = nameIn(data, "version");
  if (version === null) return missing("version", data);
  return {
    ...removed,
    what: `alias ${alias} points to version ${version}`,
    pointer: { ...pointer, version },
  };
}

function readVersion(data: unknown): Event {
  const model = nameIn(data, "name");
  const version = nameIn(data, "version");
  if (model === null || version === null) return missing("name and version", data);
  const description = isRecord(data) ? textOfValue(own(data, "description"), 2_000) : null;
  const run = nameIn(data, "run_id");
  const text = [description, run === null ? null : `run ${run}`].filter((part) => part !== null).join("\n");
  return { kind: "change", change: "commit", model, what: `version ${version} registered`, text };
}

function nameIn(data: unknown, field: string): string | null {
  const text = isRecord(data) ? oneLine(textOfValue(own(data, field)) ?? "", 256) : "";
  return text === "" ? null : text;
}

function changeOf(event: Extract<Event, { kind: "change" }>, at: Date, { services }: Settings): Change {
  const { model, what, text } = event;
  const service = Object.hasOwn(services, model) ? services[model] : undefined;
  return {
    id: derivedId([model, what, at.toISOString()]),
    kind: event.change,
    service: service ?? model,
    title: oneLine(`${model}: ${what}`, 300),
    text,
    // MLflow does not say who did it.
    author: null,
    url: null,
    at,
    rolloutId: null,
    ...(event.pointer === undefined ? {} : { pointer: event.pointer }),
  };
}

/** The same event sent again, as MLflow does when it got no answer, is still one change. */
function derivedId(parts: readonly string[]): string {
  const hash = createHash("sha256").update(parts.map((part) => `${part.length}:${part}`).join(""));
  return storable(`mlflow-${hash.digest("hex").slice(0, 16)}`, 256);
}

function missing(fields: string, data: unknown): Event {
  return { kind: "problem", problem: `"data" must name ${fields}; got ${shown(data)}` };
}

function unparseable(problem: string): ParseResult {
  return { kind: "unparseable", problem, remedy };
}
