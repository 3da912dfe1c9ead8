/**
 * Opens a chat channel of an incident's own and keeps it true: its topic, its links, who is in it, and that it is put
 * away in the end. One step at a time, each remembered before the next. Before a creation its name is committed, and
 * whoever finds it so later looks for a channel of that name that the bot made, so that there are never two.
 */
import { type ChannelStep, nextStep } from "../domain/incident/channel.ts";
import { createAnswers, type Outcome, on, refusedMs } from "./incident-channel/answers.ts";
import { createKeeping } from "./incident-channel/keeping.ts";
import { createOpening } from "./incident-channel/opening.ts";
import { createPuttingAway } from "./incident-channel/putting-away.ts";
import { createLook, type IncidentChannelOptions, type Scene } from "./incident-channel/scene.ts";

export type { IncidentChannelOptions } from "./incident-channel/scene.ts";

export interface IncidentChannels {
  /** Brings the channel of one incident up to date; safe at any time. Asks to be called again when something is due. */
  reconcile(incidentId: number): Promise<void>;
}

/** Steps of one call; more are left to the next. */
const maxSteps = 40;

export function createIncidentChannels(options: IncidentChannelOptions): IncidentChannels {
  const { store, clock } = options;
  const look = createLook(options);
  const answers = createAnswers(options);
  const open = createOpening(options, answers);
  const keepTrue = createKeeping(options, answers);
  const { sayFarewell, archive } = createPuttingAway(options, answers);

  async function reconcile(incidentId: number): Promise<void> {
    const skipped = new Set<ChannelStep["kind"]>();
    for (let count = 0; count < maxSteps; count += 1) {
      const scene = await look(incidentId);
      if (scene === null) return;
      const step = nextStep(scene.known, scene.wish, { now: clock.now(), skipped });
      if (step.kind === "rest") return rest(incidentId, step.until, skipped.size > 0);
      const outcome = await take(scene, step);
      if (outcome.kind === "skip") skipped.add(step.kind);
      if (outcome.kind === "later") return again(incidentId, new Date(clock.now().getTime() + outcome.ms));
    }
    await again(incidentId, null);
  }

  async function rest(incidentId: number, until: Date | null, isRefused: boolean): Promise<void> {
    const retryAt = new Date(clock.now().getTime() + refusedMs);
    const at = isRefused && (until === null || retryAt < until) ? retryAt : until;
    if (at !== null) await again(incidentId, at);
  }

  async function again(incidentId: number, runAt: Date | null): Promise<void> {
    await store.jobs.add({ task: "channel", incidentId }, { runAt });
  }

  async function take(scene: Scene, step: Exclude<ChannelStep, { kind: "rest" }>): Promise<Outcome> {
    switch (step.kind) {
      case "give_up":
        await answers.save(scene.known, { state: "given_up", closedAt: clock.now() });
        return on;
      case "create":
        return open(scene);
      case "farewell":
        return sayFarewell(scene);
      case "archive":
        return archive(scene);
      default:
        return keepTrue(scene, step);
    }
  }

  return { reconcile };
}
