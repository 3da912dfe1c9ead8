import { z } from "zod";
import { filterText } from "../src/domain/chat/subscription.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { defineCommand } from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";

const shown = 50;

export default defineCommand({
  kind: "read",
  name: "subscriptions",
  summary: "What this channel subscribed to, or with --all every channel",
  examples: ["subscriptions", "subscriptions --all"],
  options: z.object({
    all: z.boolean().default(false).describe("those of every channel"),
  }),
  args: [],
  action: "read",
  async run({ all }, { store, channel, people }) {
    const place = channel === null ? null : { platform: channel.platform, channel: channel.id };
    const found = await store.subscriptions.list(all ? null : place);
    const rows = found
      .slice(0, shown)
      .map((one) => [
        String(one.id),
        filterText(one.filter),
        `${one.platform}:${one.channel}`,
        nameOf(people, one.createdBy),
        one.createdAt.toISOString().slice(0, 10),
      ]);
    const where = all || place === null ? "any channel" : "this channel";
    const said =
      found.length === 0
        ? `There are no subscriptions in ${where}. What tocsin.yaml sends here comes all the same.`
        : `${found.length} ${found.length === 1 ? "subscription" : "subscriptions"} in ${where}${found.length > shown ? `; the first ${shown}` : ""}.`;
    const columns = ["number", "incidents with", "shown in", "by", "since"];
    const view = answerView(said, rows.length === 0 ? {} : { blocks: [{ kind: "table", columns, rows }] });
    return { kind: "answer", view, visibility: "private" };
  },
});
