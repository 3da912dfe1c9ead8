/** Emoji that put a message of an incident's thread into its history: the key pins of tocsin.yaml. */
import { z } from "zod";

const slackName = z
  .string()
  .regex(/^[a-z0-9_'+-]{1,100}$/, 'must be a name without colons: "pushpin", not ":pushpin:"');
/** The sign itself, or the name of a server's own emoji. */
const discordName = z
  .string()
  .regex(/^[^\s:<>]{1,32}$/u, 'must be the emoji itself, "📌", or a name without colons');

export const pinsSchema = z
  .strictObject({
    slack: z.array(slackName).max(10).default(["pushpin"]),
    discord: z.array(discordName).max(10).default([]),
  })
  .prefault({});

/** By platform; none where no emoji pins. */
export type PinEmoji = Readonly<z.output<typeof pinsSchema>>;
