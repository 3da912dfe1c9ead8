import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { targetOf } from "../src/domain/rollout/plan.ts";
import { lockText } from "../src/domain/rollout/standing.ts";
import { moment, textOf } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";

export default defineCommand({
  kind: "read",
  name: "locks",
  summary: "Show who holds which model, why and since when, and who waits in which order",
  examples: ["locks"],
  options: z.object({}),
  args: [],
  action: "read",
  async run(_options, { store, models, people }) {
    const places = models.flatMap(({ name, environments }) =>
      environments.map((environment) => targetOf({ model: name, environment })),
    );
    const locks = await store.rollouts.locks();
    const targets = [...new Set([...places, ...locks.map(({ target }) => target)])];
    const rows = await Promise.all(
      targets.map(async (target) => {
        const lock = locks.find((candidate) => candidate.target === target) ?? null;
        const waiting = (await store.rollouts.queue(target)).filter(({ id }) => id !== lock?.rolloutId);
        const queue = waiting.map(
          ({ id, requestedBy, requestedAt }) =>
            `${id} by ${nameOf(people, requestedBy)} since ${moment(requestedAt).text}`,
        );
        return [target, textOf(lockText(lock, (id) => nameOf(people, id))), queue.join(", ") || "–"];
      }),
    );
    const busy = rows.filter(([, lock]) => lock !== "free");
    const text =
      busy.length === 0
        ? "Nothing is locked."
        : busy.map(([target, lock]) => `${target}: ${lock}`).join("; ");
    const view = answerView(text, {
      title: "Locks and queues",
      blocks: [{ kind: "table", columns: ["target", "lock", "waiting, in order"], rows }],
    });
    return { kind: "answer", view, visibility: "private" };
  },
});
