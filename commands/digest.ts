import { z } from "zod";
import { answerView } from "../src/domain/answer.ts";
import { defineCommand } from "../src/ports/command.ts";

export default defineCommand({
  kind: "operate",
  name: "digest",
  summary: "Post a digest into this channel now",
  examples: ["digest now"],
  options: z.object({ when: z.enum(["now"]).default("now").describe("now; schedules are in tocsin.yaml") }),
  args: ["when"],
  action: "digest",
  async run(_options, context) {
    if (context.channel === null) {
      return {
        kind: "refuse",
        reason: "no_channel",
        problem: "A digest is posted into a channel, and this was not asked in one.",
        remedy: "Ask for it in Slack, Discord or the console.",
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
