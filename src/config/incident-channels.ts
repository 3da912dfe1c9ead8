/** Channels of incidents' own: the key incidentChannels of tocsin.yaml. */
import { z } from "zod";
import { severities } from "../domain/alert.ts";
import type { ChannelRule, ChannelSettings } from "../domain/incident/channel.ts";
import type { Person } from "../domain/people/person.ts";
import { safeUrl } from "../domain/view.ts";
import { ConfigError } from "./error.ts";
import { matchersAt } from "./matchers.ts";

const dayMs = 86_400_000;
const address = z
  .string()
  .refine(
    (url) => safeUrl(url.replaceAll("{service}", "x")) !== null,
    "must be an address starting http:// or https://, without a password",
  );

export const incidentChannelsSchema = z
  .strictObject({
    prefix: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,19}$/, "must be lower-case letters, digits, - and _, at most 20")
      .default("inc"),
    console: address.optional(),
    rules: z
      .array(
        z.strictObject({
          match: z.array(z.string()).default([]),
          open: z.union([z.enum(severities), z.literal("by hand")]),
          private: z.boolean().default(false),
          invite: z
            .strictObject({ rotas: z.array(z.string()).default([]), people: z.array(z.string()).default([]) })
            .prefault({}),
          archiveAfterDays: z.union([z.number().min(0).max(3_650), z.literal("never")]).default("never"),
          bookmarks: z
            .array(z.strictObject({ title: z.string().min(1).max(60), url: address }))
            .max(10)
            .default([]),
        }),
      )
      .max(50)
      .default([]),
  })
  .prefault({});

/**
 * @param known - people and rotas that rules may name.
 * @throws ConfigError naming the rule, the value and the remedy.
 */
export function incidentChannelsOf(
  given: z.output<typeof incidentChannelsSchema>,
  known: { readonly people: readonly Person[]; readonly rotas: readonly { readonly name: string }[] },
): ChannelSettings {
  const rules = given.rules.map((rule, index): ChannelRule => {
    const at = `incidentChannels.rules.${index}`;
    const where = `tocsin.yaml ${at}`;
    const { rotas, people } = rule.invite;
    checkNames(
      rotas,
      known.rotas.map(({ name }) => name),
      `${where}.invite.rotas`,
      "rota of onCall",
    );
    checkNames(
      people,
      known.people.map(({ id }) => id),
      `${where}.invite.people`,
      "person of people",
    );
    return {
      match: matchersAt(rule.match, `${at}.match`),
      atLeast: rule.open === "by hand" ? null : rule.open,
      isPrivate: rule.private,
      rotas,
      people,
      archiveAfterMs: rule.archiveAfterDays === "never" ? null : rule.archiveAfterDays * dayMs,
      bookmarks: rule.bookmarks,
    };
  });
  return { rules, prefix: given.prefix, consoleUrl: given.console ?? null };
}

function checkNames(names: readonly string[], known: readonly string[], where: string, what: string): void {
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  const listed = known.length === 0 ? "there is none" : `expected one of ${known.join(", ")}`;
  throw new ConfigError(`${where}: "${stranger}" is no ${what}; ${listed}`);
}
