/** Tags of forums: what Discord takes and what it refuses. @see https://docs.discord.com/developers/resources/channel#forum-tag-object */
import { z } from "zod";
import { snowflake } from "./ids.ts";
import { checkLength } from "./limits.ts";
import { guarded } from "./messages.ts";
import { invalid, refusals } from "./refusal.ts";
import { bits, botRights, type FakeChannel, type World } from "./world.ts";

const maxAvailable = 20;
const maxApplied = 5;

const tagInput = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  moderated: z.boolean().optional(),
  emoji_id: z.string().nullish(),
  emoji_name: z.string().nullish(),
});

/** What a post in a forum carries, before and after. */
export function checkTags(
  world: World,
  forum: FakeChannel,
  { before, after }: { readonly before: readonly string[]; readonly after: readonly string[] },
): void {
  if (after.length > maxApplied)
    throw invalid("applied_tags", "BASE_TYPE_MAX_LENGTH", `Must be ${maxApplied} or fewer in length.`);
  if (new Set(after).size !== after.length)
    throw invalid("applied_tags", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value.");
  const tags = after.map((id) => forum.tags.find((tag) => tag.id === id));
  if (tags.some((tag) => tag === undefined)) throw invalid("applied_tags", "CHOICE", "Unknown tag");
  const mayModerate = (botRights(world, forum) & bits.manageThreads) !== 0n;
  const changed = forum.tags.filter(({ id }) => before.includes(id) !== after.includes(id));
  if (!mayModerate && changed.some(({ moderated }) => moderated)) throw refusals.missingPermissions();
  if (!forum.requiresTag || after.length > 0) return;
  if (!mayModerate && forum.tags.length > 0 && forum.tags.every(({ moderated }) => moderated))
    throw refusals.onlyModeratedTags();
  throw refusals.tagRequired();
}

/** The list is replaced: a tag that is left out is gone, from posts too. */
export function patchForum(world: World, forum: FakeChannel, body: unknown): FakeChannel {
  const { available_tags: wanted } = guarded(z.strictObject({ available_tags: z.array(tagInput) }), body);
  if ((botRights(world, forum) & bits.manageChannels) === 0n) throw refusals.missingPermissions();
  if (wanted.length > maxAvailable)
    throw invalid("available_tags", "BASE_TYPE_MAX_LENGTH", `Must be ${maxAvailable} or fewer in length.`);
  for (const [index, { id, name }] of wanted.entries()) {
    checkLength(`available_tags.${index}.name`, name, 1, 20);
    if (id !== undefined && !forum.tags.some((tag) => tag.id === id))
      throw invalid(`available_tags.${index}.id`, "CHOICE", "Unknown tag");
  }
  if (new Set(wanted.map(({ name }) => name)).size !== wanted.length) throw refusals.tagNamesNotUnique();
  forum.tags = wanted.map(({ id, name, moderated, emoji_id, emoji_name }) => ({
    id: id ?? snowflake(world.now()),
    name,
    moderated: moderated ?? false,
    emoji_id: emoji_id ?? null,
    emoji_name: emoji_name ?? null,
  }));
  for (const post of world.channels.values())
    if (post.parentId === forum.id)
      post.appliedTags = post.appliedTags.filter((id) => forum.tags.some((tag) => tag.id === id));
  world.changed();
  return forum;
}
