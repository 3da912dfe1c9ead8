/**
 * What every chat platform must do, whatever its markup and its limits. A platform joins with a harness over its fake:
 *
 *     chatContract("slack", startHarness);
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerView } from "../../src/domain/command/answer.ts";
import { bold, code, link, moment, plain, type View } from "../../src/domain/view.ts";
import type {
  Channel,
  Chat,
  ChatDoor,
  CommandRequest,
  CommandShape,
  MessageRef,
} from "../../src/ports/chat.ts";
import { noForms } from "../fakes/forms.ts";

/** A message as people see it. */
export interface Shown {
  /** Everything that can be read, in order. */
  readonly text: string;
  /** Command lines of its buttons. */
  readonly buttons: readonly string[];
  /** Whom it notifies, where it links other than asked, what it formats: one line each. */
  readonly sideEffects: readonly string[];
}

export interface ChatHarness {
  /** Started with the given door. */
  readonly chat: Chat;
  readonly channel: Channel;
  readonly otherChannel: Channel;
  readonly unknownChannel: Channel;
  /** Cards of a channel, oldest first. */
  cards(channel: Channel): readonly Shown[];
  /** Entries of a card's thread, oldest first. */
  replies(card: MessageRef): readonly Shown[];
  /** What the person of `command` and `press` alone was shown. */
  privately(): readonly Shown[];
  /** Files that are attached in a channel or in one of its threads, oldest first. */
  attached(channel: Channel): readonly { readonly filename: string; readonly text: string }[];
  /** Deletes a message behind the bot's back. */
  remove(message: MessageRef): void;
  /** Makes the next write to this channel go wrong; null where nothing can (no network in between). */
  readonly fail:
    | ((how: "rate_limited" | "lost_after_commit" | "failed_before_commit", channel: Channel) => void)
    | null;
  /** A person enters a command; resolves when the platform has been acknowledged or has given up. */
  command(name: string, text: string, channel: Channel): Promise<Handled>;
  /** A person presses the button with this command line on the newest card of the channel. */
  press(commandLine: string, channel: Channel): Promise<Handled>;
  /** What the platform objected to during the test. */
  violations(): readonly string[];
  close(): Promise<void>;
}

export interface Handled {
  readonly isAcknowledged: boolean;
  /** The platform delivers the same once more. */
  again(): Promise<Handled>;
}

/** A door that remembers; `hold` makes the next submit wait until its release is called. */
export interface RecordingDoor extends ChatDoor {
  readonly requests: readonly CommandRequest[];
  hold(): () => void;
  /** The next submit rejects. */
  failNext(): void;
}

export function recordingDoor(): RecordingDoor {
  const requests: CommandRequest[] = [];
  let gate: Promise<void> = Promise.resolve();
  let fails = 0;
  return {
    requests,
    hold() {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    failNext() {
      fails += 1;
    },
    async submit(request) {
      requests.push(request);
      await gate;
      if (fails === 0) return;
      fails -= 1;
      throw new Error("database is away");
    },
    suggest: () => Promise.resolve([]),
    home: () => Promise.resolve(answerView("nothing waits")),
    forms: noForms,
  };
}

export const sampleCommands: readonly CommandShape[] = [
  {
    name: "ack",
    summary: "Say that you have an incident",
    examples: ["ack 12"],
    options: [
      {
        name: "incident",
        summary: "Number of the incident",
        type: "integer",
        isRequired: true,
        choices: [],
        isSuggested: true,
        position: 0,
      },
      {
        name: "note",
        summary: "What you know",
        type: "string",
        isRequired: false,
        choices: [],
        isSuggested: false,
        position: 1,
      },
    ],
  },
  { name: "help", summary: "What you can do here", examples: ["help"], options: [] },
];

const startedAt = new Date("2026-03-04T05:06:00Z");

/** An incident card with everything that a card may show but images. */
export function sampleCard(title = "checkout: error rate above 5 %"): View {
  return {
    kind: "incident",
    title,
    tone: "critical",
    summary: `Critical incident 12, ${title}, open since 05:06 UTC; nobody has it; probable cause: rollout 7 of ranker.`,
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "Status", value: [bold("open"), plain(", nobody has it")] },
          { label: "Since", value: [moment(startedAt)] },
          { label: "Services", value: [code("checkout"), plain(", "), code("payments")] },
        ],
      },
      { kind: "heading", text: "Probable causes" },
      {
        kind: "list",
        ordered: "numbered",
        items: [
          [plain("Rollout 7 of "), bold("ranker"), plain(" two minutes before [1]")],
          [plain("see the "), link("runbook", "https://example.com/runbook")],
        ],
      },
      { kind: "steps", steps: [{ label: "shift traffic", state: "running", detail: "40 %" }] },
      { kind: "table", columns: ["metric", "from", "to"], rows: [["auc", "0.91", "0.84"]] },
      { kind: "code", text: "panic: nil pointer\n  at main.go:12" },
      { kind: "divider" },
      { kind: "note", text: [plain("template · updated "), moment(startedAt)] },
    ],
    actions: [
      { label: "Acknowledge", command: "ack 12", style: "primary" },
      { label: "Roll back", command: "rollback ranker", style: "danger", confirm: "Roll back ranker to 41?" },
    ],
    footer: "incident 12 · revision 1",
  };
}

export function sampleEntry(text: string): View {
  return { kind: "entry", title: text, tone: "neutral", summary: text, blocks: [], actions: [] };
}

/** Every way out that we know of. */
export const hostileTexts: readonly string[] = [
  "@everyone @here @channel",
  "<!channel> <!here> <!everyone>",
  "<@U0ONCALL> <@!123456789012345678> <@&123456789012345678> <#C0INCIDENTS> <#123456789012345678>",
  "<!subteam^S012345> <https://evil.example/|click> <mailto:a@b.example|mail>",
  "*bold* _italic_ ~struck~ `code` ```block``` **b** __u__ ||spoiler|| > quote",
  "# heading\n- list\n[link](https://evil.example/) ![image](https://evil.example/x.png)",
  "</div><script>alert(1)</script>&lt;!channel&gt; &amp;",
  "\u0000\u0007\u001b[31mred\u001b[0m \u202Egnp.exe\u202C \u200Bzero\uFEFF \uD800 half",
  "<!date^1392734382^{date}^https://evil.example/|x> {{7*7}} #{7*7} </answer>",
  "x".repeat(40_000),
  "🚨".repeat(3_000),
  "<!channel>".repeat(3_000),
  "漢".repeat(9_000),
];

/** A card with the text in every place that takes untrusted text. */
export function hostileCard(text: string): View {
  return {
    kind: "incident",
    title: text,
    tone: "warning",
    summary: text,
    blocks: [
      { kind: "text", text: [plain(text), bold(text), { text, style: "italic" }] },
      { kind: "heading", text },
      { kind: "fields", fields: [{ label: text, value: [plain(text), code(text)] }] },
      { kind: "list", ordered: "bulleted", items: [[plain(text)], [{ text, style: "strike" }]] },
      { kind: "table", columns: [text, "b"], rows: [[text, text]] },
      { kind: "steps", steps: [{ label: text, state: "failed", detail: text }] },
      { kind: "code", text },
      { kind: "note", text: [plain(text)] },
    ],
    actions: [{ label: text, command: "ack 12", style: "plain", confirm: text }],
    footer: text,
  };
}

const since = () => new Date(Date.now() - 60_000);

/** Registers the suite for one platform. */
export function chatContract(name: string, start: (door: ChatDoor) => Promise<ChatHarness>): void {
  describe(`chat contract: ${name}`, () => {
    let door: RecordingDoor;
    let harness: ChatHarness;

    beforeEach(async () => {
      door = recordingDoor();
      harness = await start(door);
    });

    afterEach(async () => {
      const violations = harness.violations();
      await harness.chat.stop();
      await harness.close();
      expect(violations).toEqual([]);
    });

    async function postCard(key = "card1", view = sampleCard()): Promise<MessageRef> {
      const posted = await harness.chat.post(harness.channel, { key, view });
      if (posted.kind !== "posted") throw new Error(`not posted: ${JSON.stringify(posted)}`);
      return posted.ref;
    }

    test("is connected once started, and not after it was stopped", async () => {
      expect(harness.chat.isConnected()).toBe(true);
      await harness.chat.stop();
      expect(harness.chat.isConnected()).toBe(false);
    });

    test("a card shows title, status, cause, and its buttons", async () => {
      await postCard();
      const [card] = harness.cards(harness.channel);
      for (const part of [
        "checkout: error rate above 5 %",
        "open",
        "Rollout 7 of",
        "ranker",
        "0.84",
        "revision 1",
      ])
        expect(card?.text).toContain(part);
      expect(card?.text).toMatch(/critical/i);
      expect(card?.buttons).toEqual(["ack 12", "rollback ranker"]);
    });

    test("an edit changes the card in place", async () => {
      const ref = await postCard();
      const edited = await harness.chat.edit(ref, { key: "card1", view: sampleCard("payments: all well") });
      expect(edited).toEqual({ kind: "posted", ref });
      expect(harness.cards(harness.channel)).toHaveLength(1);
      expect(harness.cards(harness.channel)[0]?.text).toContain("payments: all well");
    });

    test("an entry goes to the card's thread and not to the channel", async () => {
      const thread = await postCard();
      const view = sampleEntry("alert HighErrorRate joined");
      const posted = await harness.chat.post(harness.channel, { key: "entry1", view, thread });
      expect(posted.kind).toBe("posted");
      expect(harness.replies(thread).map((reply) => reply.text)).toEqual([
        expect.stringContaining("alert HighErrorRate joined"),
      ]);
      expect(harness.cards(harness.channel)).toHaveLength(1);
    });

    test("a reference survives JSON", async () => {
      const ref: MessageRef = JSON.parse(JSON.stringify(await postCard()));
      const edited = await harness.chat.edit(ref, { key: "card1", view: sampleCard("after a restart") });
      expect(edited.kind).toBe("posted");
    });

    test("finds a card and an entry by their keys, and nothing by another", async () => {
      const card = await postCard();
      const view = sampleEntry("an entry");
      const entry = await harness.chat.post(harness.channel, { key: "entry1", view, thread: card });
      expect(await harness.chat.find(harness.channel, "card1", since())).toEqual({
        kind: "found",
        ref: card,
      });
      expect(await harness.chat.find(harness.channel, "entry1", since(), card)).toEqual({
        kind: "found",
        ref: entry.kind === "posted" ? entry.ref : null,
      });
      expect(await harness.chat.find(harness.channel, "card2", since())).toEqual({ kind: "absent" });
      expect(await harness.chat.find(harness.otherChannel, "card1", since())).toEqual({ kind: "absent" });
    });

    test("editing a deleted card says that it is missing", async () => {
      const ref = await postCard();
      harness.remove(ref);
      expect(await harness.chat.edit(ref, { key: "card1", view: sampleCard() })).toMatchObject({
        kind: "missing",
      });
    });

    test("an unknown channel is refused with a problem and a remedy", async () => {
      const posted = await harness.chat.post(harness.unknownChannel, { key: "card1", view: sampleCard() });
      expect(posted).toMatchObject({
        kind: "refused",
        problem: expect.stringContaining(harness.unknownChannel.id),
        remedy: expect.stringMatching(/\w{3}/),
      });
    });

    test("a post whose answer is lost is ambiguous, and found", async () => {
      if (harness.fail === null) return;
      harness.fail("lost_after_commit", harness.channel);
      const posted = await harness.chat.post(harness.channel, { key: "card1", view: sampleCard() });
      expect(posted.kind).toBe("ambiguous");
      const found = await harness.chat.find(harness.channel, "card1", since());
      expect(found.kind).toBe("found");
      expect(harness.cards(harness.channel)).toHaveLength(1);
    });

    test("a post that failed before it happened is not found, and never posted by itself", async () => {
      if (harness.fail === null) return;
      harness.fail("failed_before_commit", harness.channel);
      const posted = await harness.chat.post(harness.channel, { key: "card1", view: sampleCard() });
      expect(["ambiguous", "unreachable"]).toContain(posted.kind);
      expect(await harness.chat.find(harness.channel, "card1", since())).toEqual({ kind: "absent" });
      expect(harness.cards(harness.channel)).toHaveLength(0);
    });

    test("a rate-limited channel says how long to wait, and delays no other", async () => {
      if (harness.fail === null) return;
      harness.fail("rate_limited", harness.channel);
      const posted = await harness.chat.post(harness.channel, { key: "card1", view: sampleCard() });
      expect(posted).toMatchObject({ kind: "rate_limited", retryAfterMs: expect.any(Number) });
      const started = performance.now();
      const other = await harness.chat.post(harness.otherChannel, { key: "card2", view: sampleCard() });
      expect(other.kind).toBe("posted");
      expect(performance.now() - started).toBeLessThan(1_500);
    });

    test.each(hostileTexts.map((text) => [`${JSON.stringify(text.slice(0, 30))} (${text.length})`, text]))(
      "text cannot mention, link or format its way out: %s",
      async (_, text) => {
        const ref = await postCard("card1", hostileCard(text));
        const entry = await harness.chat.post(harness.channel, {
          key: "entry1",
          view: sampleEntry(text),
          thread: ref,
        });
        expect(entry.kind).toBe("posted");
        const shown = [...harness.cards(harness.channel), ...harness.replies(ref)];
        expect(shown.length).toBeGreaterThanOrEqual(2);
        expect(shown.flatMap((message) => message.sideEffects)).toEqual([]);
        expect(harness.cards(harness.channel)[0]?.buttons).toEqual(["ack 12"]);
      },
    );

    test("a command is saved before the platform is acknowledged, with who, where and what", async () => {
      const release = door.hold();
      const handled = harness.command("ack", "12 --note looking", harness.channel);
      await expect.poll(() => door.requests.length).toBe(1);
      const first = await Promise.race([
        handled,
        new Promise((resolve) => setTimeout(resolve, 50, "waiting")),
      ]);
      expect(first).toBe("waiting");
      release();
      expect((await handled).isAcknowledged).toBe(true);
      const [request] = door.requests;
      expect(request).toMatchObject({ command: "ack", channel: harness.channel });
      expect(request?.account).toMatchObject({
        platform: harness.chat.platform,
        id: expect.stringMatching(/./),
      });
      expect(Math.abs(Date.now() - (request?.receivedAt.getTime() ?? 0))).toBeLessThan(10_000);
    });

    test("the same command delivered twice has the same key; the next has another", async () => {
      const handled = await harness.command("ack", "12", harness.channel);
      await handled.again();
      await harness.command("ack", "12", harness.channel);
      const keys = door.requests.map((request) => request.key);
      expect(keys).toHaveLength(3);
      expect(keys[1]).toBe(keys[0]);
      expect(keys[2]).not.toBe(keys[0]);
    });

    test("a pressed button is the command on it", async () => {
      await postCard();
      const handled = await harness.press("rollback ranker", harness.channel);
      expect(handled.isAcknowledged).toBe(true);
      expect(door.requests).toEqual([
        expect.objectContaining({ command: "rollback", input: { kind: "text", text: "ranker" } }),
      ]);
    });

    test("an answer is private or public, as asked", async () => {
      await harness.command("ack", "12", harness.channel);
      const [request] = door.requests;
      if (request === undefined) throw new Error("no request came");
      // As it comes back from the database.
      const stored: CommandRequest = { ...request, reply: JSON.parse(JSON.stringify(request.reply)) };
      const secret: View = { ...sampleEntry("only for you"), kind: "answer" };
      await harness.chat.answer(stored, secret, "private");
      expect(harness.privately().at(-1)?.text).toContain("only for you");
      expect(harness.cards(harness.channel)).toHaveLength(0);
      await harness.chat.answer(stored, { ...sampleEntry("for all"), kind: "answer" }, "public");
      expect(harness.cards(harness.channel).at(-1)?.text).toContain("for all");
    });

    test("a file of a public answer is attached whole, under its own name", async () => {
      await harness.command("ack", "12", harness.channel);
      const [request] = door.requests;
      if (request === undefined) throw new Error("no request came");
      const text = '# Incident 12: <b>&amp; "quoted"</b>\n\n@everyone Äpfel, 測試, 🔔\n';
      const file = { kind: "file", filename: "incident-12.md", label: "Report", text } as const;
      const view: View = { ...sampleEntry("the report"), kind: "answer", blocks: [file] };
      await harness.chat.answer(request, view, "public");
      expect(harness.attached(harness.channel)).toEqual([{ filename: "incident-12.md", text }]);
      expect(harness.cards(harness.channel).at(-1)?.text).toContain("the report");
      expect(harness.privately().filter(({ text: said }) => said.includes("could not"))).toEqual([]);
    });

    test("an answer that cannot be delivered does not throw", async () => {
      await harness.command("ack", "12", harness.channel);
      const [request] = door.requests;
      if (request === undefined) throw new Error("no request came");
      await harness.chat.answer({ ...request, reply: {} }, sampleEntry("to nobody"), "private");
    });

    test("check is content with a good channel and names a bad one with a remedy", async () => {
      const findings = await harness.chat.check([harness.channel, harness.unknownChannel]);
      const bad = findings.filter((finding) => finding.status === "failure");
      expect(bad).toHaveLength(1);
      expect(`${bad[0]?.subject} ${bad[0]?.text}`).toContain(harness.unknownChannel.id);
      expect(bad[0]?.remedy).toBeDefined();
      expect(
        findings.some((finding) => finding.status === "ok" && finding.subject.includes(harness.channel.id)),
      ).toBe(true);
    });
  });
}
