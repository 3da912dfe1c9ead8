/** A channel comes to be: one, whatever gets lost on the way. */
import { channelNameOf } from "../../domain/incident/channel.ts";
import type { IncidentChannel } from "../../ports.ts";
import { type Answers, type Outcome, on } from "./answers.ts";
import type { IncidentChannelOptions, Scene } from "./scene.ts";

/** Names that are tried before it is given up. */
const maxNames = 20;
/** Clocks of the bot and of the platform may differ by this much, ms. */
const skewMs = 60_000;

/** Before a creation its name is committed; whoever finds it so later looks for what became of it. */
export function createOpening(options: IncidentChannelOptions, answers: Answers) {
  const { store, host, settings, clock, log } = options;
  const { keep, told, record, save } = answers;

  async function create(scene: Scene): Promise<Outcome> {
    const { known, wish, rule } = scene;
    if (known.state === "creating" && known.name !== null && known.attemptedAt !== null) {
      const found = await host.find(known.name, new Date(known.createdAt.getTime() - skewMs));
      if (found.kind === "found") return adopt(scene, found);
      if (found.kind !== "absent") return keep(known, { kind: "create" }, found, {});
      const waitMs = known.attemptedAt.getTime() + host.settleMs - clock.now().getTime();
      if (waitMs > 0) return { kind: "later", ms: waitMs };
    }
    const name = channelNameOf(settings.prefix, wish.incident, known.namesTaken);
    const trying = await save(known, { state: "creating", name, attemptedAt: clock.now() });
    const made = await host.create(name, rule?.isPrivate === true ? "private" : "public");
    if (made.kind === "created") return adopt({ ...scene, known: trying }, made);
    if (made.kind === "taken") return tryNextName(scene, trying, name);
    // Surely not made: nothing needs to be looked for.
    if (made.kind !== "ambiguous") await save(trying, { state: "wanted" });
    return keep(trying, { kind: "create" }, made, {});
  }

  /** The name is somebody else's, or that of an earlier attempt of our own. */
  async function tryNextName(scene: Scene, known: IncidentChannel, name: string): Promise<Outcome> {
    const found = await host.find(name, new Date(known.createdAt.getTime() - skewMs));
    if (found.kind === "found") return adopt({ ...scene, known }, found);
    if (found.kind !== "absent") return keep(known, { kind: "create" }, found, {});
    const namesTaken = known.namesTaken + 1;
    await save(known, { state: "wanted", namesTaken });
    if (namesTaken < maxNames) return on;
    await told(
      known,
      { kind: "create" },
      {
        problem: `the name ${name} and ${maxNames - 1} like it are taken`,
        remedy: "choose another prefix under incidentChannels in tocsin.yaml",
      },
    );
    return { kind: "skip" };
  }

  /** It is there: it becomes one more place of the incident, and everybody hears of it. */
  async function adopt(
    { known, rule }: Scene,
    { channel, name }: { readonly channel: string; readonly name: string },
  ): Promise<Outcome> {
    const now = clock.now();
    const { incidentId, platform } = known;
    await store.transaction(async (tx) => {
      const shown = { ...known.shown, archiveAfterMs: rule?.archiveAfterMs ?? null };
      await tx.incidentChannels.save(known, { state: "open", channel, name, shown });
      const incident = await tx.incidents.findForUpdate(incidentId);
      if (incident === null) return;
      const card = { platform, channel, kind: "incident", subject: incidentId } as const;
      await tx.posts.want([{ ...card, desiredRevision: incident.revision, threadOf: null }], now);
      await record(tx, known, {
        action: "incident.channel_opened",
        text: `channel #${name} is open for it`,
        name,
      });
    });
    log.info({ incident: incidentId, channel: `${platform}:${channel}`, name }, "channel: opened");
    await told({ ...known, channel }, { kind: "create" }, null);
    return on;
  }

  return create;
}
