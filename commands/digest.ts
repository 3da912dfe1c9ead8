import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { detailBlocks } from "../src/domain/digest/detail-view.ts";
import { digestView, isQuiet } from "../src/domain/digest/view.ts";
import { beginOnRequest } from "../src/domain/digest.ts";
import { channelName } from "../src/ports/chat.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import { gatherDigest } from "../src/queries/digest-facts.ts";
import { nameOf } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "digest",
  summary: "Post a digest into this channel now, or show you alone what it would say",
  examples: ["digest now", "digest preview"],
  options: z.object({
    when: z
      .enum(["now", "preview"])
      .default("now")
      .describe("now, or preview, which posts nothing; schedules are in tocsin.yaml"),
  }),
  args: ["when"],
  action: "digest",
  async run(options, context) {
    if (options.when === "preview") return await preview(context);
    if (context.channel === null) {
      return {
        kind: "refuse",
        reason: "no_channel",
        problem: "A digest is posted into a channel, and this was not asked in one.",
        remedy: "Ask for it in Slack, Discord or the console, or see it with: digest preview",
        suggestions: ["digest preview"],
      };
    }
    const { runId } = await context.requestDigest(context.channel);
    return {
      kind: "answer",
      view: answerView("The digest is on its way into this channel."),
      visibility: "private",
      audit: { action: "digest.requested", subject: `digest:${runId}`, data: {} },
    };
  },
});

/** What would be posted now, without its chart. Claims nothing: the next digest covers the same time. */
async function preview(context: CommandContext): Promise<CommandResult> {
  const { channel, store, people, now } = context;
  const last = channel === null ? null : await store.digests.lastSlot(null, channelName(channel));
  const from = beginOnRequest(last, now);
  const facts = await gatherDigest({ from, to: now }, store, context);
  const card = digestView({ facts, chart: null, nameOf: (person) => nameOf(people, person) });
  const view = { ...card, blocks: [...card.blocks, ...(isQuiet(facts) ? [] : detailBlocks(facts))] };
  return { kind: "answer", view: { ...view, footer: "preview: nothing was posted" }, visibility: "private" };
}
