/** The bot token as discord.js wants it. */
import type { Secret } from "../../../ports/secret.ts";

type Sdk = typeof import("discord.js");

/** Without the word that goes before it in a header, which people copy along. */
export function bareToken(token: Secret): string {
  return token
    .current()
    .replace(/^(Bot|Bearer)\s+/i, "")
    .trim();
}

/** Where a new token goes. */
export const newToken =
  "give the bot its current token (Developer Portal, Bot, Reset Token): in the file of DISCORD_TOKEN_FILE it is taken up by itself, in DISCORD_TOKEN after a restart";

/** Whether a login failed for the token. */
export function isTokenRefusal(sdk: Sdk, error: unknown): boolean {
  if (error instanceof sdk.DiscordjsError) return error.code === sdk.DiscordjsErrorCodes.TokenInvalid;
  return error instanceof sdk.DiscordAPIError && error.status === 401;
}
