/** Wires Bolt's listeners to the door: every request is saved before Slack is told that it arrived. */
import type { App } from "@slack/bolt";
import type { ChatDoor, CommandRequest } from "../../../ports/chat.ts";
import type { Log } from "../../../ports/observability.ts";
import type { SlackApi } from "./client.ts";
import { sayPrivately } from "./render.ts";
import { readButton, readMention, readSlashCommand } from "./requests.ts";
import { lostText, type Saving, save, slowText } from "./saving.ts";

export interface IntakeOptions {
  readonly app: App;
  readonly door: ChatDoor;
  readonly api: SlackApi;
  readonly botUserId: () => string | null;
  readonly now: () => Date;
  readonly log: Log;
  readonly saveWithinMs?: number;
}

/** Registers what Tocsin listens to. Call once, before the receiver starts. */
export function listen(options: IntakeOptions): void {
  const { app, api, log } = options;

  app.command(/^\//, async ({ body, ack }) => {
    const request = readSlashCommand(body, options.now());
    if (request === null) return ack();
    const saving = await submit(request);
    // A command's acknowledgement carries the words; a later loss has only the response_url.
    await ack(saving.kind === "saved" ? undefined : { response_type: "ephemeral", text: wordsFor(saving) });
    if (saving.kind === "slow") void tellWhenLost(request, saving);
  });

  app.action(/.*/, async ({ body, ack }) => {
    const request = readButton(body, options.now());
    if (request === null) return ack();
    const saving = await submit(request);
    await ack();
    if (saving.kind !== "saved") await tell(request, wordsFor(saving));
    if (saving.kind === "slow") void tellWhenLost(request, saving);
  });

  app.event("app_mention", () => Promise.resolve());
  saveEventsFirst();

  app.error((error) => {
    log.error({ error: error.message, code: error.code }, "slack: a request could not be handled");
    return Promise.resolve();
  });

  /**
   * Bolt acknowledges events before any listener runs, so a crash would lose them. A mention is saved before Bolt sees
   * it; one that is not saved in time is not acknowledged, and Slack delivers it again with the same event id.
   */
  function saveEventsFirst(): void {
    const process = app.processEvent.bind(app);
    app.processEvent = async (event) => {
      const request = readMention(event.body, options.botUserId(), options.now());
      if (request !== null) {
        const saving = await submit(request);
        if (saving.kind !== "saved") return;
      }
      await process(event);
    };
  }

  function submit(request: CommandRequest): Promise<Saving> {
    const within = options.saveWithinMs === undefined ? {} : { withinMs: options.saveWithinMs };
    return save({ door: options.door, request, log, ...within });
  }

  async function tell(request: CommandRequest, text: string): Promise<void> {
    const url = request.reply["response_url"];
    if (url === undefined) return;
    await api.respond(url, { response_type: "ephemeral", replace_original: false, ...sayPrivately(text) });
  }

  /** The person was told to wait; when that was in vain they hear it too. */
  async function tellWhenLost(
    request: CommandRequest,
    saving: Extract<Saving, { kind: "slow" }>,
  ): Promise<void> {
    if ((await saving.later) === "lost") await tell(request, lostText);
  }
}

function wordsFor(saving: Exclude<Saving, { kind: "saved" }>): string {
  return saving.kind === "slow" ? slowText : lostText;
}
