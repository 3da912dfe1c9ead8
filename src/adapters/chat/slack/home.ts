/** The home tab: what waits for one person, shown anew when they open it and after what they pressed there. */
import type { App } from "@slack/bolt";
import { z } from "zod";
import type { View } from "../../../domain/view.ts";
import type { ChatDoor, CommandRequest } from "../../../ports/chat.ts";
import type { Log } from "../../../ports/observability.ts";
import type { Block } from "./blocks.ts";
import type { SlackApi } from "./client.ts";
import { renderMessage, renderPlainMessage } from "./render.ts";

export interface SlackHome {
  /** Registers what is heard. Call once, before the receiver starts. */
  listen(app: App, door: Pick<ChatDoor, "home">): void;
  /** Whether a request was made in a home tab, which is no channel. */
  isFrom(request: CommandRequest): boolean;
  /** Shows the home as it is now, with an answer on top. */
  answer(request: CommandRequest, view: View): Promise<void>;
}

/** https://docs.slack.dev/surfaces/app-home: as many blocks as a home may have. */
const mostBlocks = 100;
const withinMs = 10_000;
/** What Slack says of blocks that it does not take. */
const layoutCodes: ReadonlySet<string> = new Set(["invalid_arguments", "invalid_blocks"]);

const opened = z.object({ user: z.string(), tab: z.literal("home") });

export function createHome({ api, log }: { readonly api: SlackApi; readonly log: Log }): SlackHome {
  let door: Pick<ChatDoor, "home"> | null = null;
  /** People whose home is being made: who opens it again meanwhile gets that one. */
  const making = new Set<string>();

  async function publish(user: string, said: View | null): Promise<void> {
    if (door === null) return;
    try {
      const view = await inTime(door.home({ platform: "slack", id: user, name: user }));
      const send = (render: (view: View) => readonly Block[]) =>
        api.call("views.publish", {
          user_id: user,
          view: { type: "home", blocks: blocksOf(view, said, render) },
        });
      const rich = await send((each) => renderMessage(each, "aligned").blocks);
      const isTooRich = rich.kind === "refused" && layoutCodes.has(rich.code);
      const sent = isTooRich ? await send((each) => renderPlainMessage(each).blocks) : rich;
      if (sent.kind !== "ok")
        log.warn({ outcome: sent }, "slack: a home tab was not shown; tocsin slack-manifest switches it on");
    } catch (error) {
      log.warn({ err: error }, "slack: a home tab could not be made");
    }
  }

  async function open(user: string): Promise<void> {
    if (making.has(user)) return;
    making.add(user);
    await publish(user, null).finally(() => making.delete(user));
  }

  return {
    listen(app, opening) {
      door = opening;
      app.event("app_home_opened", async ({ event }) => {
        const parsed = opened.safeParse(event);
        if (parsed.success) await open(parsed.data.user);
      });
    },
    isFrom: ({ channel, reply }) =>
      channel === null && (reply["kind"] === "button" || reply["kind"] === "form"),
    answer: (request, view) => publish(request.account.id, view),
  };
}

function blocksOf(home: View, said: View | null, render: (view: View) => readonly Block[]): readonly Block[] {
  const answer: readonly Block[] = said === null ? [] : [...render(said), { type: "divider" }];
  return [...answer, ...render(home)].slice(0, mostBlocks);
}

/** A home is no use to whoever has gone on; what is read for it may hang. */
async function inTime(view: Promise<View>): Promise<View> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`slack: a home took longer than ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([view, late]);
  } finally {
    clearTimeout(timer);
  }
}
