/** What came of a step: remembered, said where it was refused, and what is to be done next. */
import type { ChannelStep } from "../../domain/incident/channel.ts";
import type { HostAnswer, IncidentChannel, StoreSlices } from "../../ports.ts";
import type { IncidentChannelOptions } from "./scene.ts";

/** After a step: go on, leave this kind of step out, or come back then. */
export type Outcome =
  | { readonly kind: "on" }
  | { readonly kind: "skip" }
  | { readonly kind: "later"; readonly ms: number };
export const on: Outcome = { kind: "on" };

/** What the platform refuses is tried again after this, ms. */
export const refusedMs = 300_000;
const retryMs = 5_000;

export type Changed = Partial<Omit<IncidentChannel, "incidentId" | "serial">>;

export type Answers = ReturnType<typeof createAnswers>;

export function createAnswers(options: IncidentChannelOptions) {
  const { store, clock, log } = options;

  /** Remembers what the platform did, or says what it refused. */
  async function keep(
    known: IncidentChannel,
    step: ChannelStep,
    answer: HostAnswer,
    done: Changed,
  ): Promise<Outcome> {
    if (answer.kind === "done") {
      await save(known, done);
      await told(known, step, null);
      return on;
    }
    if (answer.kind === "gone") {
      await close(known, "people", answer.problem);
      return on;
    }
    if (answer.kind === "refused") {
      await told(known, step, answer);
      return { kind: "skip" };
    }
    if (answer.kind === "rate_limited") return { kind: "later", ms: answer.retryAfterMs };
    log.warn(
      { incident: known.incidentId, step: step.kind, problem: answer.problem },
      "channel: trying later",
    );
    return { kind: "later", ms: retryMs };
  }

  async function told(
    { platform, channel }: IncidentChannel,
    { kind }: ChannelStep,
    obstacle: { readonly problem: string; readonly remedy: string } | null,
  ): Promise<void> {
    const troubles = await store.troubles.inWayOf(platform, channel ?? "");
    const shownIn = kind === "create" ? null : channel;
    const problem = obstacle === null ? null : { problem: obstacle.problem, remedy: obstacle.remedy };
    await options.obstacles.beside(
      { platform, channel: shownIn },
      { part: `channel-${kind}`, obstacle: problem },
      troubles,
    );
  }

  /** Nothing more is shown there. That people archived it is a line of the history. */
  async function close(known: IncidentChannel, closedBy: "time" | "people", because: string): Promise<void> {
    const { platform, channel, name } = known;
    await store.transaction(async (tx) => {
      const closed = { state: "closed", closedBy, closedAt: clock.now(), doubtedAt: null } as const;
      await tx.incidentChannels.save(known, closed);
      if (channel !== null) await tx.posts.forget(platform, channel);
      const text = `channel #${name} is no longer used: ${because}`;
      await record(tx, known, {
        action: "incident.channel_closed",
        text,
        name: name ?? "",
        ...(closedBy === "time" ? { isQuiet: true as const } : {}),
      });
    });
    log.info({ incident: known.incidentId, name, closedBy, because }, "channel: closed");
  }

  /** An audit entry, and a line of the history. */
  async function record(
    tx: StoreSlices,
    { incidentId, askedBy, platform }: IncidentChannel,
    what: { readonly action: string; readonly text: string; readonly name: string; readonly isQuiet?: true },
  ): Promise<void> {
    const now = clock.now();
    const incident = await tx.incidents.findForUpdate(incidentId);
    if (incident === null) return;
    const { seq } = await tx.audit.append({
      at: now,
      actor: "tocsin",
      action: what.action,
      subject: `incident:${incidentId}`,
      outcome: "done",
      data: { name: what.name, platform, askedBy },
    });
    const quiet = what.isQuiet === undefined ? {} : { isQuiet: what.isQuiet };
    const entry = { kind: "note", text: what.text, ...quiet } as const;
    await options.effects.apply(tx, [{ kind: "incident", incident, entry }], {
      now,
      actor: "tocsin",
      auditSeq: seq,
    });
  }

  async function save(known: IncidentChannel, values: Changed): Promise<IncidentChannel> {
    await store.incidentChannels.save(known, values);
    return { ...known, ...values };
  }

  return { keep, told, close, record, save };
}
