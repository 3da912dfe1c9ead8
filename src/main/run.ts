/** `tocsin run`: a chat command from the command line, by someone whom tocsin.yaml knows. */
import { randomUUID } from "node:crypto";
import { lineOfWords } from "../domain/command/options.ts";
import { withBot } from "./offline.ts";
import { formatView } from "./print.ts";

const platform = "cli";

/**
 * Carries the command out here, in this process; a rollout it starts is applied by the running bot.
 * Exit code 1 when the answer is an error.
 */
export async function runCommand(words: readonly string[], options: { readonly as: string }): Promise<void> {
  const [command = "", ...rest] = lineOfWords(words).trim().replace(/^\//, "").split(/\s+/);
  await withBot(async ({ config, store, desk }) => {
    const person = config.people.find((known) => known.id === options.as);
    if (person === undefined) {
      const known = config.people.map((one) => one.id).join(", ");
      throw new Error(`--as is "${options.as}"; expected one of: ${known}`);
    }
    const { execute } = await desk();
    const request = {
      key: `cli-${randomUUID()}`,
      account: { platform, id: person.id, name: person.name },
      channel: null,
      command,
      input: { kind: "text" as const, text: rest.join(" ") },
      receivedAt: new Date(),
      reply: {},
    };
    await store.requests.add(request);
    const answer = await execute.execute(request);
    if (answer === null) return;
    console.log(formatView(answer.view));
    if (answer.view.kind === "error") process.exitCode = 1;
  });
}
