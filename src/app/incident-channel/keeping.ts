/** An open channel stays true: what stands at its head, its links, who is in it. */
import type { ChannelStep } from "../../domain/incident/channel.ts";
import type { IncidentChannel } from "../../ports.ts";
import { type Answers, type Outcome, on, refusedMs } from "./answers.ts";
import type { IncidentChannelOptions, Scene } from "./scene.ts";

/** Steps that change what an open channel shows, or whether it is still there. */
export type KeepingStep = Extract<
  ChannelStep,
  { kind: "look" | "purpose" | "topic" | "bookmark" | "invite" }
>;

export function createKeeping(options: IncidentChannelOptions, answers: Answers) {
  const { store, host, clock, log } = options;
  const { keep, save } = answers;

  async function keepTrue({ known, wish }: Scene, step: KeepingStep): Promise<Outcome> {
    const { channel, shown } = known;
    if (channel === null) return { kind: "later", ms: refusedMs };
    switch (step.kind) {
      case "look":
        return keep(known, step, await host.look(channel), { doubtedAt: null });
      case "purpose":
        return keep(known, step, await host.setPurpose(channel, wish.purpose), {
          shown: { ...shown, purpose: wish.purpose },
        });
      case "topic":
        return keep(known, step, await host.setTopic(channel, wish.topic), {
          shown: { ...shown, topic: wish.topic, topicAt: clock.now().toISOString() },
        });
      case "bookmark":
        return keep(known, step, await host.addBookmark(channel, step.bookmark), {
          shown: { ...shown, bookmarks: [...(shown.bookmarks ?? []), step.bookmark.url] },
        });
      case "invite":
        return invite(known, channel, step);
    }
  }

  async function invite(
    known: IncidentChannel,
    channel: string,
    step: Extract<ChannelStep, { kind: "invite" }>,
  ): Promise<Outcome> {
    const account = await accountOf(step.person);
    const note = (said: string) => ({
      shown: { ...known.shown, invited: { ...known.shown.invited, [step.person]: said } },
    });
    if (account === undefined) {
      await save(known, note(`no ${host.platform} account is known`));
      return on;
    }
    const answer = await host.invite(channel, account);
    if (answer.kind !== "not_invited") return keep(known, step, answer, note("invited"));
    log.warn(
      { incident: known.incidentId, person: step.person, problem: answer.problem },
      "channel: not invited",
    );
    await save(known, note(answer.problem));
    return on;
  }

  /** As tocsin.yaml has it, else one that the person linked. */
  async function accountOf(person: string): Promise<string | undefined> {
    const configured = options.people.find(({ id }) => id === person)?.accounts[host.platform];
    if (configured !== undefined) return configured;
    const links = await store.links.ofPerson(person);
    return links.find(({ platform }) => platform === host.platform)?.account;
  }

  return keepTrue;
}
