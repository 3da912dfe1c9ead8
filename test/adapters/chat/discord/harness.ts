/** The adapter with the real discord.js beside a fake Discord, for the tests of this folder. */

import { createDiscord, type DiscordOptions } from "../../../../src/adapters/chat/discord.ts";
import { answerView } from "../../../../src/domain/command/answer.ts";
import type { View } from "../../../../src/domain/view.ts";
import {
  type Chat,
  type ChatDoor,
  type CommandRequest,
  type CommandShape,
  type Log,
  type MessageRef,
  noMetrics,
  type PostResult,
} from "../../../../src/ports.ts";
import { type FakeDiscord, type FakeDiscordOptions, startFakeDiscord } from "../../../fakes/discord.ts";
import { noForms } from "../../../fakes/forms.ts";

export interface Line {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Waits short enough for tests. */
export const quick = {
  startMs: 5_000,
  loginBackoffMs: [50],
  identifyBackoffMs: [0],
  stuckMs: 60_000,
  tokenLookMs: 20,
} as const;

export const shapes: readonly CommandShape[] = [
  {
    name: "ack",
    summary: "Say that you have an incident",
    examples: ["ack 12"],
    options: [
      option({ name: "note", type: "string", summary: "A word about it" }),
      option({
        name: "incident",
        type: "integer",
        summary: "Number of the incident",
        isRequired: true,
        isSuggested: true,
      }),
      option({ name: "dryRun", type: "boolean", summary: "Only say what would happen" }),
    ],
  },
  {
    name: "deploy",
    summary: "Deploy a version of a model",
    examples: ["deploy fraud-scorer 42"],
    options: [
      option({ name: "model", type: "string", summary: "Which model", isRequired: true, isSuggested: true }),
      option({
        name: "environment",
        type: "string",
        summary: "Where to",
        choices: ["staging", "production"],
      }),
    ],
  },
];

export function option(part: Partial<CommandShape["options"][number]> & { readonly name: string }) {
  return {
    summary: part.name,
    type: "string" as const,
    isRequired: false,
    choices: [],
    isSuggested: false,
    position: null,
    ...part,
  };
}

export interface RecordingDoor extends ChatDoor {
  readonly requests: CommandRequest[];
}

export function recordingDoor(over: Partial<ChatDoor> = {}): RecordingDoor {
  const requests: CommandRequest[] = [];
  return {
    requests,
    submit: async (request) => {
      await over.submit?.(request);
      requests.push(request);
    },
    suggest: over.suggest ?? (async () => []),
    home: over.home ?? (async () => answerView("nothing waits")),
    forms: over.forms ?? noForms,
  };
}

export interface Stage {
  readonly discord: FakeDiscord;
  readonly chat: Chat;
  readonly door: RecordingDoor;
  readonly lines: readonly Line[];
  readonly channel: { readonly platform: "discord"; readonly id: string };
  close(): Promise<void>;
}

/** A fake Discord and an adapter; connected unless told otherwise. */
export async function stage(
  options: {
    readonly fake?: FakeDiscordOptions;
    readonly adapter?: Partial<DiscordOptions>;
    readonly door?: Partial<ChatDoor>;
    readonly connect?: "now" | "later";
    /** Another adapter on a Discord that is there already. */
    readonly beside?: FakeDiscord;
  } = {},
): Promise<Stage> {
  const discord = options.beside ?? (await startFakeDiscord({ isIdentifyPaced: false, ...options.fake }));
  const { log, lines } = recordingLog();
  const door = recordingDoor(options.door);
  const chat = await createDiscord({
    token: discord.token,
    apiUrl: discord.apiUrl,
    log,
    metrics: noMetrics,
    timing: quick,
    ...options.adapter,
  });
  if (options.connect !== "later") {
    await chat.start(door, shapes);
    await discord.until(() => discord.commands.byScope.size > 0);
  }
  return {
    discord,
    chat,
    door,
    lines,
    channel: { platform: "discord", id: discord.channel.id },
    close: async () => {
      await chat.stop();
      if (options.beside === undefined) await discord.close();
    },
  };
}

function recordingLog() {
  const lines: Line[] = [];
  const add = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message });
  };
  const log: Log = {
    debug: add("debug"),
    info: add("info"),
    warn: add("warn"),
    error: add("error"),
    child: () => log,
  };
  return { log, lines };
}

export function view(over: Partial<View> = {}): View {
  return {
    kind: "incident",
    title: "#12 Checkout is slow",
    tone: "critical",
    tags: ["critical", "open"],
    summary: "open critical incident 12: Checkout is slow. 3 firing.",
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "State", value: [{ text: "open", style: "bold" }] },
          { label: "Since", value: [{ text: "earlier", at: new Date("2026-01-02T03:04:05Z") }] },
        ],
      },
    ],
    actions: [
      { label: "Acknowledge", command: "ack 12", style: "primary" },
      { label: "Resolve", command: "resolve 12", style: "plain", confirm: "Resolve incident 12?" },
    ],
    footer: "incident 12 · revision 1",
    ...over,
  };
}

export function entry(text: string): View {
  return {
    kind: "entry",
    title: text,
    tone: "neutral",
    summary: text,
    blocks: [{ kind: "text", text: [{ text }] }],
    actions: [],
  };
}

/** The reference of a post that must have worked. */
export function refIn(result: PostResult): MessageRef {
  if (result.kind !== "posted") throw new Error(`expected a post, got ${JSON.stringify(result)}`);
  return result.ref;
}

/** Waits for what the fake cannot see, for example a log line. */
export async function eventually(isTrue: () => boolean, timeoutMs = 5_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms in vain for: ${isTrue.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
