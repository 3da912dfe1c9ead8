/** The second door into the bot: requests are stored before they are acknowledged, then carried out by a job. */
import type { OpenStore } from "../adapters/store/store.ts";
import type { Execute } from "../app/execute.ts";
import type { Chat, ChatDoor, CommandShape, Log } from "../ports.ts";

/** Stores requests; the same request delivered twice is stored once. */
export function createDoor(store: OpenStore, execute: Execute): ChatDoor {
  return {
    submit: (request) => store.keepRequest(request),
    home: async (account) => (await execute.look({ account, command: "home", text: "" })).view,
    suggest: (question) => execute.suggest(question),
    forms: execute.forms,
  };
}

/** The job `execute`: carries a stored request out and answers where it came from. */
export async function carryOut(
  requestKey: string,
  parts: {
    readonly store: OpenStore;
    readonly execute: Execute;
    readonly chats: ReadonlyMap<string, Chat>;
    readonly log: Log;
  },
): Promise<void> {
  const request = await parts.store.requests.take(requestKey);
  if (request === null) return;
  const answer = await parts.execute.execute(request);
  if (answer === null) return;
  const chat = parts.chats.get(request.account.platform);
  if (chat === undefined) return;
  try {
    await chat.answer(request, answer.view, answer.visibility);
  } catch (error) {
    // What was asked is done and shown by its card; only the private line is lost.
    parts.log.warn(
      { requestKey, platform: chat.platform, error: String(error) },
      "an answer could not be given",
    );
  }
}

/**
 * Connects every platform, each on its own time: one that is away must not keep webhooks or the others out.
 * A platform that refuses its configuration is named in the log and by doctor; it tries again, and the rest goes on.
 */
export function connectChats(
  chats: ReadonlyMap<string, Chat>,
  door: ChatDoor,
  shapes: readonly CommandShape[],
  log: Log,
): void {
  for (const chat of chats.values()) {
    chat.start(door, shapes).then(
      () => log.info({ platform: chat.platform }, "chat connected"),
      (error: unknown) =>
        log.error(
          { platform: chat.platform, error: String(error) },
          "chat: this platform refuses the bot; it is tried again every few minutes",
        ),
    );
  }
}
