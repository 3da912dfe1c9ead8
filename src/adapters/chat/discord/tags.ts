/**
 * Tags of forum posts, by which people filter a forum. The bot gives and takes only its own; a tag that the forum does
 * not have is made once, where the bot may change the channel, and told of where it may not.
 * @see https://docs.discord.com/developers/resources/channel#forum-tag-object
 */
import { incidentTags, tagsOf, viewTags } from "../../../domain/view/tags.ts";
import type { Aside, View } from "../../../ports.ts";
import type { Api, Failure } from "./api.ts";
import { codes, problemOf } from "./outcome.ts";
import { type createRights, optionalPermissions } from "./permissions.ts";
import { type ApiTag, channelShape } from "./shapes.ts";

/** Discord's limits: tags that a forum has, and that a post carries. */
const maxAvailable = 20;
const maxApplied = 5;
/** A forum's tags are read again after this long, ms: people may have added some. */
const keptMs = 60_000;
/** Not tried again for this long after Discord refused to let the bot make tags, ms. */
const refusedMs = 600_000;
const maxKept = 10_000;

export interface TagOptions {
  readonly api: Api;
  readonly rights: ReturnType<typeof createRights>;
  readonly now?: () => number;
}

/** Which tags to apply, and what stands in the way of those that are missing. */
export interface ChosenTags {
  readonly kind: "tags";
  readonly ids: readonly string[];
  /** Tags of the forum that the bot gives and takes. */
  readonly ours: readonly string[];
  readonly aside: Aside;
}

interface Forum {
  readonly tags: readonly ApiTag[];
  readonly until: number;
}

/** A refusal concerns the tags alone; anything else may pass. */
type Passing = Exclude<Failure, { kind: "denied" }>;

export function createTags({ api, rights, now = Date.now }: TagOptions) {
  const forums = new Map<string, Forum>();
  const refusedUntil = new Map<string, number>();

  /** The tags of a view in a forum, made where they are missing. */
  async function choose(forumId: string, view: View): Promise<ChosenTags | Failure> {
    const wanted = tagsOf(view);
    const known = await tagsIn(forumId);
    if ("kind" in known) return known;
    const isMissing = wanted.some((name) => named(known, name) === undefined);
    const made = isMissing ? await make(forumId, known, wanted) : { tags: known, obstacle: null };
    if ("kind" in made) return made;
    const found = wanted.map((name) => named(made.tags, name)).filter((tag) => tag !== undefined);
    const usable = await withoutModerated(forumId, found);
    if ("kind" in usable) return usable;
    const aside = { part: "tags", obstacle: made.obstacle ?? usable.obstacle };
    const ids = usable.tags.slice(0, maxApplied).map(({ id }) => id);
    const ours = made.tags
      .filter((tag) => isOur(tag) && (usable.obstacle === null || !tag.moderated))
      .map(({ id }) => id);
    return { kind: "tags", ids, ours, aside };
  }

  async function tagsIn(forumId: string): Promise<readonly ApiTag[] | Failure> {
    const kept = forums.get(forumId);
    if (kept !== undefined && kept.until > now()) return kept.tags;
    const reply = await api.call({ method: "GET", path: `/channels/${forumId}`, schema: channelShape });
    return reply.kind === "ok" ? keep(forumId, reply.body.available_tags) : reply;
  }

  function keep(forumId: string, tags: readonly ApiTag[]): readonly ApiTag[] {
    remember(forums, forumId, { tags, until: now() + keptMs });
    return tags;
  }

  /** All tags of incidents at once where they fit, so that a filter offers them from the first incident on. */
  async function make(forumId: string, known: readonly ApiTag[], wanted: readonly string[]) {
    const isIncident = wanted.some((name) => incidentTags.includes(name));
    const full = missingOf(known, isIncident ? [...wanted, ...incidentTags] : wanted);
    const names = known.length + full.length <= maxAvailable ? full : missingOf(known, wanted);
    const where = `channel ${forumId}: the forum has no tag named ${names.map(nameOf).join(", ")}`;
    if (known.length + names.length > maxAvailable) {
      const obstacle = {
        problem: `${where}, and ${known.length} others of the ${maxAvailable} that Discord allows`,
        remedy: "remove tags that nobody needs from the forum, or rename some of them so",
      };
      return { tags: known, obstacle };
    }
    const remedy = "add them in the forum's settings, or give the bot's role Manage Channels in it";
    const unmade = { tags: known, obstacle: { problem: `${where}, and the bot may not add any`, remedy } };
    if ((refusedUntil.get(forumId) ?? 0) > now()) return unmade;
    const held = await rights.of(forumId);
    if (held.kind !== "rights") return held;
    const mayManage = (held.bits & optionalPermissions["Manage Channels"]) !== 0n;
    const reply = mayManage
      ? await api.call({
          method: "PATCH",
          path: `/channels/${forumId}`,
          // The list is replaced whole: it is the one of this moment, not one that was kept.
          body: {
            available_tags: [
              ...held.channel.available_tags,
              ...names.map((name) => ({ name: nameOf(name) })),
            ],
          },
          schema: channelShape,
        })
      : null;
    if (reply?.kind === "ok") return { tags: keep(forumId, reply.body.available_tags), obstacle: null };
    if (reply !== null && reply.kind !== "denied") return reply;
    forums.delete(forumId);
    // Somebody else made them in between: they are seen with the next message.
    if (reply?.code === codes.tagNamesNotUnique) return { tags: known, obstacle: null };
    remember(refusedUntil, forumId, now() + refusedMs);
    return unmade;
  }

  /** A moderated tag is only for those who may manage threads. */
  async function withoutModerated(forumId: string, tags: readonly ApiTag[]) {
    const moderated = tags.filter((tag) => tag.moderated);
    if (moderated.length === 0) return { tags, obstacle: null };
    const held = await rights.of(forumId);
    if (held.kind !== "rights") return held;
    if ((held.bits & optionalPermissions["Manage Threads"]) !== 0n) return { tags, obstacle: null };
    const names = moderated.map(({ name }) => name).join(", ");
    const obstacle = {
      problem: `channel ${forumId}: the forum keeps its tags ${names} for moderators`,
      remedy: "let everybody use them in the forum's settings, or give the bot's role Manage Threads in it",
    };
    return { tags: tags.filter((tag) => !tag.moderated), obstacle };
  }

  /**
   * Brings the tags of a post that is there to what its view says; those that people gave it stay.
   * @returns null when nothing can be said of it, for example because the post has gone meanwhile.
   */
  async function keepTrue(threadId: string, view: View): Promise<Aside | null | Passing> {
    const thread = await api.call({ method: "GET", path: `/channels/${threadId}`, schema: channelShape });
    if (thread.kind !== "ok") return passing(thread);
    const { parent_id: forumId, applied_tags: applied } = thread.body;
    if (typeof forumId !== "string") return null;
    const chosen = await choose(forumId, view);
    if (chosen.kind !== "tags") return passing(chosen);
    const others = applied.filter((id) => !chosen.ours.includes(id));
    const ids = [...chosen.ids, ...others].slice(0, maxApplied);
    const isSame = ids.length === applied.length && ids.every((id) => applied.includes(id));
    const reply = isSame
      ? thread
      : await api.call({
          method: "PATCH",
          path: `/channels/${threadId}`,
          body: { applied_tags: ids },
          schema: channelShape,
        });
    if (reply.kind === "denied") return refusedFor(forumId, reply);
    if (reply.kind !== "ok") return reply;
    return chosen.aside;
  }

  return { choose, keepTrue };
}

function passing(failure: Failure): Passing | null {
  return failure.kind === "denied" ? null : failure;
}

function refusedFor(forumId: string, failure: Extract<Failure, { kind: "denied" }>): Aside {
  const problem = `channel ${forumId}: the tags of a post cannot be changed: ${problemOf(failure)}`;
  const remedy = "unlock the post, or give the bot's role Manage Threads in the forum";
  return { part: "tags", obstacle: { problem, remedy } };
}

function named(tags: readonly ApiTag[], name: string): ApiTag | undefined {
  return tags.find((tag) => tag.name.trim().toLowerCase() === name);
}

function missingOf(tags: readonly ApiTag[], names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => named(tags, name) === undefined);
}

function isOur(tag: ApiTag): boolean {
  return viewTags.includes(tag.name.trim().toLowerCase());
}

/** "Critical" */
function nameOf(tag: string): string {
  return `${tag.slice(0, 1).toUpperCase()}${tag.slice(1)}`;
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (map.size >= maxKept) map.clear();
  map.set(key, value);
}
