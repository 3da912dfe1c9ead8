/** A request that was read: who asks, what for, and about what. */
import { formatLine } from "../../domain/command/options.ts";
import type { Person } from "../../domain/people/person.ts";
import type { CommandRequest, Store } from "../../ports.ts";
import { ofThreadOption, type PreparedCommand, type ThreadSubject } from "../parse.ts";

/** A request with everything that is known of it before it runs. */
export interface Asked {
  readonly request: CommandRequest;
  readonly person: Person;
  readonly now: Date;
  readonly options: Readonly<Record<string, unknown>>;
  /** Those that the person gave, without defaults. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly known: PreparedCommand;
}

/** The command line as it was asked, but for some options. */
export function lineOf({ known, said }: Asked, without: readonly string[]): string {
  const kept = Object.fromEntries(Object.entries(said).filter(([key]) => !without.includes(key)));
  return formatLine(known.command.name, known.line, kept);
}

/** What the thread or the channel, in which it was asked, is about. */
export async function threadOf(
  store: Store,
  known: PreparedCommand,
  request: CommandRequest,
): Promise<ThreadSubject> {
  if (ofThreadOption(known) === null) return { kind: "none" };
  const { thread, channel } = request;
  const card = thread === undefined ? null : await store.posts.findCard(thread);
  if (card?.kind === "incident") return { kind: "incident", id: card.subject };
  // All that is said in an incident's own channel is about it.
  const own = channel === null ? null : await store.incidentChannels.at(channel.platform, channel.id);
  if (own !== null) return { kind: "incident", id: own };
  return { kind: thread === undefined ? "none" : "other" };
}
