import { z } from "zod";
import { filterText } from "../src/domain/chat/subscription.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { defineCommand } from "../src/ports/command.ts";
import { refusal } from "./_matchers.ts";

export default defineCommand({
  kind: "operate",
  name: "unsubscribe",
  summary: "End a subscription; what its channel shows already is kept up to date",
  examples: ["unsubscribe 3"],
  options: z.object({
    subscription: z.number().int().positive().describe("number of the subscription"),
  }),
  args: ["subscription"],
  action: "subscribe",
  suggest: {
    subscription: async (partial, { store }) =>
      (await store.subscriptions.list(null))
        .filter(({ id }) => String(id).startsWith(partial))
        .slice(0, 25)
        .map(({ id, platform, channel, filter }) => ({
          label: `${id}: ${filterText(filter)} in ${platform}:${channel}`,
          value: String(id),
        })),
  },
  async run({ subscription: id }, { store }) {
    const known = await store.subscriptions.find(id);
    if (known === null || !(await store.subscriptions.remove(id)))
      return {
        ...refusal(
          "unknown_subscription",
          `There is no subscription ${id}.`,
          "The list has those that there are.",
        ),
        suggestions: ["subscriptions --all"],
      };
    const channel = `${known.platform}:${known.channel}`;
    const text = filterText(known.filter);
    return {
      kind: "answer",
      view: answerView(
        `Subscription ${id} (${text} in ${channel}) has ended. What is shown there already is kept up to date.`,
        { tone: "good" },
      ),
      visibility: "public",
      audit: { action: "subscription.ended", subject: `subscription:${id}`, data: { channel, filter: text } },
    };
  },
});
