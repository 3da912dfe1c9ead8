/** A channel whose incident is over says good-bye and is archived. */
import { type Answers, type Outcome, on, refusedMs } from "./answers.ts";
import type { IncidentChannelOptions, Scene } from "./scene.ts";

/** The farewell is given this long to arrive before the channel is looked at again, ms. */
const farewellMs = 2_000;

export function createPuttingAway(options: IncidentChannelOptions, answers: Answers) {
  const { store, host, clock, log } = options;
  const { keep, close } = answers;

  /** The last message: a line of the history, said in this channel alone. */
  async function sayFarewell({ known, wish }: Scene): Promise<Outcome> {
    const now = clock.now();
    const { channel, platform, incidentId } = known;
    if (channel === null) return { kind: "later", ms: refusedMs };
    const text = `resolved, so this channel is archived now; what was said stays here, and the history under /incident report ${incidentId}`;
    await store.transaction(async (tx) => {
      const entry = {
        incidentId,
        at: now,
        kind: "note",
        actor: "tocsin",
        text,
        data: {},
        isPosted: true,
      } as const;
      const [id] = await tx.incidents.addTimeline([entry]);
      if (id === undefined) return;
      const line = {
        platform,
        channel,
        kind: "entry",
        subject: id,
        desiredRevision: 1,
        threadOf: null,
      } as const;
      await tx.posts.want([line], now);
      await tx.jobs.add({ task: "post", platform, channel });
      await tx.incidentChannels.save(known, { shown: { ...known.shown, farewell: id } });
    });
    log.debug({ incident: wish.incident.id, channel }, "channel: said that it is archived");
    return { kind: "later", ms: farewellMs };
  }

  async function archive({ known }: Scene): Promise<Outcome> {
    const { channel, platform, shown } = known;
    if (channel === null || shown.farewell === undefined) return { kind: "later", ms: refusedMs };
    const line = await store.posts.findBySubject(platform, channel, "entry", shown.farewell);
    const isSaid = line === null || line.state === "refused" || line.postedRevision >= line.desiredRevision;
    if (!isSaid) return { kind: "later", ms: farewellMs };
    const answer = await host.archive(channel);
    if (answer.kind === "done") {
      await close(known, "time", "resolved for long enough");
      return on;
    }
    return keep(known, { kind: "archive" }, answer, {});
  }

  return { sayFarewell, archive };
}
