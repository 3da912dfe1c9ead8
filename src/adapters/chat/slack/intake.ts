/** Wires Bolt's listeners to the door: every request is saved before Slack is told that it arrived. */
import type { App, ReceiverEvent } from "@slack/bolt";
import type { ChatDoor, CommandRequest } from "../../../ports/chat.ts";
import type { Log, Metrics } from "../../../ports/observability.ts";
import type { SlackApi } from "./client.ts";
import { formBlock, formCallback, readForm, readFormButton } from "./form.ts";
import { serveForms } from "./form-desk.ts";
import { messageShortcuts, pinRequest, readMessageShortcut, readReaction } from "./pins.ts";
import { sayPrivately } from "./render.ts";
import { readButton, readSlashCommand } from "./requests.ts";
import { readSaid } from "./said.ts";
import { type Saving, save, wordsFor } from "./saving.ts";

export interface IntakeOptions {
  readonly app: App;
  readonly door: ChatDoor;
  readonly api: SlackApi;
  readonly botUserId: () => string | null;
  readonly now: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Names of emoji that pin; skin tones and aliases have other names. */
  readonly pinEmoji: ReadonlySet<string>;
  readonly saveWithinMs?: number;
}

export interface Intake {
  /** Waits until what has arrived is saved and acknowledged, at most `withinMs`. */
  settle(withinMs: number): Promise<void>;
}

const platform = { platform: "slack" } as const;

/** Registers what Tocsin listens to. Call once, before the receiver starts. */
export function listen(options: IntakeOptions): Intake {
  const { app, api, log, metrics } = options;
  const inFlight = new Set<Promise<unknown>>();
  const forms = serveForms({
    ...{ app, api, log, submit, door: options.door, now: options.now },
    onSlow: (request, saving) => void tellWhenLost(request, saving),
  });

  app.command(/^\//, async ({ body, ack }) => {
    const request = readSlashCommand(body, options.now());
    if (request === null) return ack();
    const wanted = forms.neededFor(request, body);
    if (wanted !== null) {
      await ack();
      if (await forms.open(wanted)) return;
      // Without its form the command says itself what it needs.
      const saving = await submit(request);
      return saving.kind === "saved" ? undefined : tell(request, wordsFor(saving, request));
    }
    const saving = await submit(request);
    // A command's acknowledgement carries the words; a later loss has only the response_url.
    await ack(
      saving.kind === "saved" ? undefined : { response_type: "ephemeral", text: wordsFor(saving, request) },
    );
    if (saving.kind === "slow") void tellWhenLost(request, saving);
  });

  app.action(/.*/, async ({ body, ack }) => {
    const fill = forms.ofButton(body);
    if (fill !== null) {
      await ack();
      return (await forms.open(fill)) ? undefined : forms.sayNotOpened(body, fill.asked);
    }
    const form = readFormButton(body);
    if (form !== null) {
      await ack();
      return (await forms.openQuestion(form)) ? undefined : forms.sayNotOpened(body, form.asked);
    }
    const request = readButton(body, options.now());
    if (request === null) return ack();
    const saving = await submit(request);
    await ack();
    if (saving.kind !== "saved") await tell(request, wordsFor(saving, request));
    if (saving.kind === "slow") void tellWhenLost(request, saving);
  });

  app.view(formCallback, async ({ body, ack }) => {
    const request = readForm(body, options.now());
    if (request === null) return ack();
    const saving = await submit(request);
    // A form that could not be saved stays open, with what was typed in it.
    if (saving.kind === "saved") await ack();
    else await ack({ response_action: "errors", errors: { [formBlock]: wordsFor(saving, request) } });
  });

  for (const { callback } of messageShortcuts)
    app.shortcut(callback, async ({ body, ack }) => {
      const shortcut = readMessageShortcut(body);
      await ack();
      const form = shortcut === null ? null : options.door.forms.of(shortcut.asked);
      if (shortcut === null || form === null) return;
      if (!(await forms.open({ ...shortcut, form }))) await forms.sayNotOpened(body, shortcut.asked);
    });

  app.event("reaction_added", () => Promise.resolve());
  app.event("reaction_removed", () => Promise.resolve());
  app.event("app_mention", () => Promise.resolve());
  app.event("message", () => Promise.resolve());
  processSafely();

  app.error((error) => {
    metrics.count("tocsin_chat_failed_acks_total", platform);
    log.error({ error: error.message, code: error.code }, "slack: a request could not be handled");
    return Promise.resolve();
  });

  /**
   * Bolt acknowledges events before any listener runs, so a crash would lose them. What is said to us is saved before
   * Bolt sees it; what is not saved in time is not acknowledged, and Slack delivers it again with the same event id.
   */
  function processSafely(): void {
    const process = app.processEvent.bind(app);
    async function saveFirst(event: ReceiverEvent): Promise<void> {
      const request =
        readSaid(event.body, options.botUserId(), options.now()) ?? (await pinnedBy(event.body));
      if (request === "later") return;
      if (request !== null && (await submit(request)).kind !== "saved") return;
      await process(event);
    }
    app.processEvent = async (event) => {
      const work = saveFirst(event);
      inFlight.add(work);
      try {
        await work;
      } finally {
        inFlight.delete(work);
      }
    };
  }

  /** What an emoji pins; "later" when Slack does not say what stands there: unacknowledged, it comes again. */
  async function pinnedBy(body: unknown): Promise<CommandRequest | null | "later"> {
    const reaction = readReaction(body, options.pinEmoji);
    if (reaction === null) return null;
    const { channel, ts } = reaction;
    const range = { ts, oldest: ts, latest: ts, inclusive: true, limit: 2 };
    const found = await api.call("conversations.replies", { channel, ...range });
    if (found.kind === "ok")
      return pinRequest(reaction, found.data["messages"], {
        botUserId: options.botUserId(),
        receivedAt: options.now(),
      });
    log.warn({ outcome: found }, "slack: a pinned message could not be read");
    return found.kind === "refused" ? null : "later";
  }

  async function submit(request: CommandRequest): Promise<Saving> {
    const within = options.saveWithinMs === undefined ? {} : { withinMs: options.saveWithinMs };
    const started = performance.now();
    const saving = await save({ door: options.door, request, log, ...within });
    metrics.observe("tocsin_chat_ack_seconds", (performance.now() - started) / 1000, platform);
    if (saving.kind === "slow") metrics.count("tocsin_chat_slow_acks_total", platform);
    return saving;
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
    if ((await saving.later) === "lost") await tell(request, wordsFor({ kind: "lost" }, request));
  }

  return {
    async settle(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      await Promise.race([Promise.allSettled(inFlight), deadline]);
      clearTimeout(timer);
    },
  };
}
