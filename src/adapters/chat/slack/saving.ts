/** Persist before acknowledge: what Slack was told "got it" about is committed, or the person knows that it is not. */
import { referenceOf, referTo } from "../../../domain/command/reference.ts";
import type { ChatDoor, CommandRequest } from "../../../ports/chat.ts";
import type { Log } from "../../../ports/observability.ts";

/** Slack gives up on a command after 3 s. */
export const saveWithinMs = 2_500;

const slowText =
  "Tocsin has your request, but its database is slow. You get the answer here as soon as it is saved; if none comes within a minute, ask again.";
const lostText =
  "Tocsin could not save your request, so nothing was done: its database is away. Ask again in a minute.";

export type Saving =
  | { readonly kind: "saved" }
  /** Not yet known; `later` resolves to whether it was saved after all, and never rejects. */
  | { readonly kind: "slow"; readonly later: Promise<"saved" | "lost"> }
  | { readonly kind: "lost" };

export interface SaveOptions {
  readonly door: ChatDoor;
  readonly request: CommandRequest;
  readonly log: Log;
  readonly withinMs?: number;
}

/** Submits the request and reports after at most `withinMs` how that stands. */
export async function save({ door, request, log, withinMs = saveWithinMs }: SaveOptions): Promise<Saving> {
  const reference = referenceOf(request.key);
  const outcome = door.submit(request).then(
    () => "saved" as const,
    (error: unknown) => {
      log.error(
        { key: request.key, command: request.command, reference, error: messageOf(error) },
        "slack: request not saved",
      );
      return "lost" as const;
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<"slow">((resolve) => {
    timer = setTimeout(resolve, withinMs, "slow");
  });
  const first = await Promise.race([outcome, deadline]);
  clearTimeout(timer);
  if (first !== "slow") return { kind: first };
  const { key, command } = request;
  log.warn({ key, command, reference, withinMs }, "slack: saving a request takes long");
  return { kind: "slow", later: outcome };
}

/** What the person is told of a request that is not saved, or not yet. */
export function wordsFor(
  { kind }: { readonly kind: "slow" | "lost" },
  { key }: Pick<CommandRequest, "key">,
): string {
  return referTo(kind === "slow" ? slowText : lostText, referenceOf(key));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
