import { createHash } from "node:crypto";
import {
  isRecord,
  own,
  readMoment,
  shown,
  storable,
  textOfValue,
  unlessAhead,
} from "../../domain/alert/intake.ts";
import { type Change, changeKinds } from "../../domain/change.ts";
import { oneLine, safeUrl } from "../../domain/view.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const remedy =
  'Send {"changes": [{"id", "kind": "deploy"|"config"|"flag"|"commit"|"infra", "service", "title", "text", "author", "url", "at"}]}; only "kind" and one of "title" and "service" are required.';

/** Words of other tools for our kinds. */
const kindWords: ReadonlyMap<string, Change["kind"]> = new Map([
  ...changeKinds.filter((kind) => kind !== "rollout").map((kind) => [kind, kind] as const),
  ["deployment", "deploy"],
  ["release", "deploy"],
  ["rollback", "deploy"],
  ["configuration", "config"],
  ["feature_flag", "flag"],
  ["push", "commit"],
  ["infrastructure", "infra"],
]);

/** Deploys, configuration, flags, commits and infrastructure work, from CI or a script: suspects in an incident. */
export default defineSource({
  name: "changes",
  summary: "deploys, configuration, flags, commits and infrastructure changes",
  checks: ["bearer", "basic", "token"],
  parse,
});

function parse(body: unknown, delivery: RawDelivery): ParseResult {
  const entries = entriesOf(body);
  if (entries === null) {
    return { kind: "unparseable", problem: `"changes" must be a list; got ${shown(body)}`, remedy };
  }
  const changes: Change[] = [];
  const problems: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const change = readChange(entry, delivery.receivedAt);
    if (typeof change === "string") problems.push(`changes[${index}]${change}`);
    else changes.push(change);
  }
  if (changes.length === 0 && problems.length > 0) {
    return { kind: "unparseable", problem: problems.slice(0, 5).join("; "), remedy };
  }
  return { kind: "parsed", delivery: { alerts: [], changes, topology: null, problems } };
}

/** A list, a list in `changes`, or one change alone. */
function entriesOf(body: unknown): readonly unknown[] | null {
  if (Array.isArray(body)) return body;
  if (!isRecord(body)) return null;
  const changes = own(body, "changes");
  if (Array.isArray(changes)) return changes;
  return changes === undefined && own(body, "kind") !== undefined ? [body] : null;
}

/** The change, or what is wrong with it, to be read after its place in the list. */
function readChange(entry: unknown, receivedAt: Date): Change | string {
  if (!isRecord(entry)) return ` must be an object; got ${shown(entry)}`;
  const kind = kindWords.get((textOfValue(own(entry, "kind"), 100) ?? "").toLowerCase());
  if (kind === undefined) {
    return `.kind must be one of deploy, config, flag, commit, infra; got ${shown(own(entry, "kind"))}`;
  }
  const service = textOfValue(own(entry, "service"), 256);
  const given = oneLine(textOfValue(own(entry, "title")) ?? "", 300);
  const title = given === "" && service !== null ? oneLine(`${kind} of ${service}`, 300) : given;
  if (title === "") return `.title must be a text, or name a service; got ${shown(own(entry, "title"))}`;
  const at = own(entry, "at") === undefined ? receivedAt : readMoment(own(entry, "at"));
  if (at === null) return `.at must be a time such as 2026-01-31T12:00:00Z; got ${shown(own(entry, "at"))}`;
  return {
    id: textOfValue(own(entry, "id"), 256) ?? derivedId([kind, service ?? "", title, at.toISOString()]),
    kind,
    service,
    title,
    text: textOfValue(own(entry, "text")) ?? "",
    author: textOfValue(own(entry, "author"), 256),
    url: safeUrl(textOfValue(own(entry, "url"))),
    at: unlessAhead(at, receivedAt) ?? receivedAt,
    // Only our own rollouts can be rolled back by us: nothing from outside may claim to be one.
    rolloutId: null,
  };
}

/** The same change sent twice without an id is still one change. */
function derivedId(parts: readonly string[]): string {
  const hash = createHash("sha256").update(parts.map((part) => `${part.length}:${part}`).join(""));
  return storable(`change-${hash.digest("hex").slice(0, 16)}`, 256);
}
