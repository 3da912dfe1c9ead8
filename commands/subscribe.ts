import { z } from "zod";
import { filterText, readFilter } from "../src/domain/chat/subscription.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { oneLine } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { readWords, refusal } from "./_matchers.ts";

export default defineCommand({
  kind: "operate",
  name: "subscribe",
  summary: "Show incidents in this channel, or to you in a direct message, beside those of tocsin.yaml",
  examples: [
    "subscribe service:payments severity>=high",
    'subscribe team=~"pay.*"',
    "subscribe severity>=critical",
  ],
  options: z.object({
    filter: z
      .string()
      .max(500)
      .default("")
      .describe("which: service:payments, label=value, also != =~ !~, severity>=high; all must hold"),
  }),
  args: ["filter"],
  rest: "filter",
  action: "subscribe",
  async run(options, { store, channel, person, now }) {
    if (channel === null)
      return refusal(
        "no_channel",
        "This was not asked in a channel.",
        "Type it in the channel that is to show the incidents, or in a direct message to the bot.",
      );
    const words = readWords(options.filter.replace(/\s*>=\s*/g, ">="));
    if ("kind" in words) return words;
    const read = readFilter(words);
    if (read.kind === "wrong")
      return {
        ...refusal("filter", oneLine(read.problem, 200), read.remedy),
        suggestions: ["help subscribe"],
      };
    const { filter } = read;
    const added = await store.subscriptions.add({
      platform: channel.platform,
      channel: channel.id,
      filter,
      createdBy: person.id,
      createdAt: now,
    });
    const text = filterText(filter);
    if (added.kind === "known")
      return {
        ...refusal("known", `This channel has that as subscription ${added.id}.`, "Nothing is to be done."),
        suggestions: ["subscriptions", `unsubscribe ${added.id}`],
      };
    if (added.kind === "full")
      return {
        ...refusal(
          "too_many",
          added.of === "channel"
            ? `This channel has ${added.most} subscriptions.`
            : `There are ${added.most} subscriptions in all channels together.`,
          'End one that is no longer needed, or let one condition stand for several: service=~"a|b".',
        ),
        suggestions: ["subscriptions"],
      };
    const view = answerView(
      `Subscription ${added.id}: incidents with ${text} are shown here from their next alert on. Each has one state, whatever channels show it.`,
      { tone: "good", actions: [{ label: "End it", command: `unsubscribe ${added.id}`, style: "plain" }] },
    );
    return {
      kind: "answer",
      view,
      // Everyone in the channel will see what comes of it.
      visibility: "public",
      audit: {
        action: "subscription.created",
        subject: `subscription:${added.id}`,
        data: { channel: `${channel.platform}:${channel.id}`, filter: text },
      },
    };
  },
});
