import { z } from "zod";
import { compareSeverity } from "../src/domain/alert.ts";
import { refuseVoice } from "../src/domain/approval.ts";
import type { Incident } from "../src/domain/incident.ts";
import { rolloutResource } from "../src/domain/policy.ts";
import type { Rollout } from "../src/domain/rollout.ts";
import { homeView } from "../src/domain/view/home-view.ts";
import { type CommandContext, defineCommand } from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";

/** What is read at most to find what is theirs. */
const maxPending = 50;
const maxIncidents = 500;
const maxTeams = 50;
const shownTeams = 8;
const recentRollouts = 6;
const weekMs = 7 * 24 * 3_600_000;

export default defineCommand({
  kind: "read",
  name: "home",
  summary: "What waits for you: approvals, your incidents, your teams, recent rollouts",
  examples: ["home"],
  options: z.object({}),
  args: [],
  action: "read",
  async run(_options, context) {
    const { store, people, models, now } = context;
    const [approvals, incidents, teams, rollouts] = await Promise.all([
      approvalsOf(context),
      store.incidents.list({ states: ["open", "acknowledged"], limit: maxIncidents }),
      store.search.teams(new Date(now.getTime() - weekMs), maxTeams),
      store.rollouts.list({ limit: recentRollouts }),
    ]);
    const theirs = (context.person.teams ?? []).map((team) => team.toLowerCase());
    const areTeamsTheirs = theirs.length > 0;
    const view = homeView({
      approvals,
      incidents: incidents.filter((incident) => hasIt(incident, context.person.id)).sort(byWeight),
      teams: (areTeamsTheirs ? teams.filter(({ team }) => theirs.includes(team.toLowerCase())) : teams).slice(
        0,
        shownTeams,
      ),
      areTeamsTheirs,
      rollouts,
      nameOf: (id) => nameOf(people, id),
      riskOf: (name) => models.find((model) => model.name === name)?.risk ?? "high",
    });
    return { kind: "answer", view, visibility: "private" };
  },
});

/** Rollouts on which this person may speak and has not. */
async function approvalsOf({ store, models, may, person, now }: CommandContext): Promise<readonly Rollout[]> {
  const pending = await store.rollouts.list({ states: ["pending"], limit: maxPending });
  const open = await Promise.all(
    pending
      .filter((rollout) => may("approve", rolloutResource(rollout, models)))
      .map(async (rollout) => {
        const approvals = await store.rollouts.approvals(rollout.id);
        const question = {
          rollout,
          approvals,
          person: person.id,
          decision: "approve",
          seenPlan: null,
          now,
        } as const;
        return refuseVoice(question) === null ? rollout : null;
      }),
  );
  return open.filter((rollout) => rollout !== null).sort((a, b) => a.id - b.id);
}

function hasIt({ assignedTo, acknowledgedBy }: Incident, person: string): boolean {
  return assignedTo === person || (assignedTo === null && acknowledgedBy === person);
}

function byWeight(a: Incident, b: Incident): number {
  return compareSeverity(a.severity, b.severity) || a.id - b.id;
}
