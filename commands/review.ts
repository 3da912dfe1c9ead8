import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { planTitle } from "../src/domain/rollout/plan.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import type { Review } from "../src/ports/guard.ts";
import { nameOf } from "./_lookup.ts";
import { readReason, refusal } from "./_matchers.ts";

const maxListed = 50;

export default defineCommand({
  kind: "operate",
  name: "review",
  summary: "List rollouts that broke a freeze or a gate and wait for review, or close one with a verdict",
  examples: ["review", 'review 3 "right call; the freeze now exempts hotfixes"'],
  options: z.object({
    review: z.number().int().positive().optional().describe("number of the review"),
    verdict: z.string().max(500).optional().describe("what you found"),
  }),
  args: ["review", "verdict"],
  rest: "verdict",
  action: "review",
  suggest: {
    review: async (_partial, { store }) =>
      (await store.rollouts.openReviews(25)).map(({ id, reason }) => ({
        label: oneLine(`${id} · ${reason}`, 100),
        value: String(id),
      })),
  },
  async run({ review: id, verdict }, context) {
    if (id === undefined) return await list(context);
    const review = await context.store.rollouts.findReview(id);
    if (review === null)
      return refusal("unknown_review", `There is no review ${id}.`, "/review lists those that are open.");
    return await close(review, verdict, context);
  },
});

async function close(
  review: Review,
  text: string | undefined,
  context: CommandContext,
): Promise<CommandResult> {
  const { store, person, now } = context;
  const { id, rolloutId } = review;
  if (review.closedBy !== null)
    return refusal(
      "closed",
      `Review ${id} was closed by ${nameOf(context.people, review.closedBy)}.`,
      "Nothing needs to be done.",
    );
  if (review.openedBy === person.id)
    return refusal(
      "own_rollout",
      `Review ${id} is of what you asked for yourself.`,
      "Someone else has to look at it.",
    );
  const verdict = readReason(text, "A review");
  if (typeof verdict !== "string") return { ...verdict, remedy: `Say what you found: review ${id} "…".` };
  await store.rollouts.closeReview(id, { by: person.id, at: now, verdict });
  return {
    kind: "answer",
    view: answerView(`Review ${id} of rollout ${rolloutId} is closed: ${verdict}`, { tone: "good" }),
    visibility: "public",
    audit: { action: "review.closed", subject: `rollout:${rolloutId}`, data: { review: id, verdict } },
  };
}

async function list({ store, people, now }: CommandContext): Promise<CommandResult> {
  const open = await store.rollouts.openReviews(maxListed);
  if (open.length === 0)
    return { kind: "answer", view: answerView("No review is open."), visibility: "private" };
  const rows = await Promise.all(
    open.map(async (review) => {
      const rollout = await store.rollouts.find(review.rolloutId);
      const days = Math.floor((now.getTime() - review.openedAt.getTime()) / 86_400_000);
      return [
        String(review.id),
        rollout === null ? `rollout ${review.rolloutId}` : `${rollout.id}: ${planTitle(rollout.plan)}`,
        rollout?.state ?? "–",
        nameOf(people, review.openedBy),
        oneLine(review.reason, 200),
        `${days} d`,
      ];
    }),
  );
  const view = answerView(
    `${open.length} ${open.length === 1 ? "rollout" : "rollouts"} broke a freeze or a gate and wait for review.`,
    {
      title: "Open reviews",
      blocks: [
        {
          kind: "table",
          columns: ["review", "rollout", "state", "asked for by", "reason", "open for"],
          rows,
        },
      ],
    },
  );
  return { kind: "answer", view, visibility: "private" };
}
