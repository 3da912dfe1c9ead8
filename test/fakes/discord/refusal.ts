/** Answers of the API other than success. */

/** What a handler throws to refuse, with Discord's JSON error code. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: number;
  readonly errors: unknown;
  constructor(status: number, code: number, message: string, errors?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** 50035 with the path of what is wrong, as Discord writes it. */
export function invalid(path: string, code: string, message: string): Refusal {
  const leaf: unknown = { _errors: [{ code, message }] };
  const errors = path
    .split(".")
    .reverse()
    .reduce<unknown>((inner, name) => ({ [name]: inner }), leaf);
  return new Refusal(400, 50035, "Invalid Form Body", errors);
}

export const refusals = {
  unknownChannel: () => new Refusal(404, 10003, "Unknown Channel"),
  unknownGuild: () => new Refusal(404, 10004, "Unknown Guild"),
  unknownMessage: () => new Refusal(404, 10008, "Unknown Message"),
  unknownWebhook: () => new Refusal(404, 10015, "Unknown Webhook"),
  unknownInteraction: () => new Refusal(404, 10062, "Unknown interaction"),
  unauthorized: () => new Refusal(401, 0, "401: Unauthorized"),
  notFound: () => new Refusal(404, 0, "404: Not Found"),
  missingAccess: () => new Refusal(403, 50001, "Missing Access"),
  emptyMessage: () => new Refusal(400, 50006, "Cannot send an empty message"),
  cannotMessageUser: () => new Refusal(403, 50007, "Cannot send messages to this user"),
  notText: () => new Refusal(400, 50008, "Cannot send messages in a non-text channel"),
  missingPermissions: () => new Refusal(403, 50013, "Missing Permissions"),
  notForType: () => new Refusal(400, 50024, "Cannot execute action on this channel type"),
  expiredToken: () => new Refusal(401, 50027, "Invalid Webhook Token"),
  archived: () => new Refusal(400, 50083, "Thread is archived"),
  alreadyAcknowledged: () => new Refusal(400, 40060, "Interaction has already been acknowledged."),
  tooLarge: () => new Refusal(413, 40005, "Request entity too large"),
  tagNamesNotUnique: () => new Refusal(400, 40061, "Tag names must be unique"),
  onlyModeratedTags: () =>
    new Refusal(400, 40066, "There are no tags available that can be used by non-moderators"),
  tagRequired: () => new Refusal(400, 40067, "A tag is required to create a forum post in this channel"),
  notAuthor: () => new Refusal(403, 50005, "Cannot edit a message authored by another user"),
  threadExists: () => new Refusal(400, 160004, "A thread has already been created for this message"),
  locked: () => new Refusal(400, 160005, "Thread is locked"),
} as const;
