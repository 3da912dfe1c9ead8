import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { endingText, type PastIncident, similarityText, whySimilar } from "../src/domain/incident/past.ts";
import { featuresOf } from "../src/domain/incident/similar.ts";
import type { Incident } from "../src/domain/incident.ts";
import { toPage } from "../src/domain/view/page.ts";
import { duration, oneLine, plain, type ViewBlock } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findIncident, suggestIncidents } from "./_lookup.ts";

/** Alerts that are read of the incident; a storm has more, and they tell nothing new. */
const maxAlerts = 500;

export default defineCommand({
  kind: "read",
  name: "similar",
  summary: "Earlier incidents like this one: why they are alike, and what resolved them",
  examples: ["similar 12"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
  }),
  args: ["incident"],
  action: "read",
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context);
    if ("kind" in incident) return incident;
    const alerts = await context.store.incidents.alerts(incident.id, maxAlerts);
    const features = featuresOf(alerts.map(({ alert }) => alert));
    const past = await context.store.similar.past({ incidentId: incident.id, features });
    const view = past.length === 0 ? nothingLike(incident) : listOf(incident, past);
    return { kind: "answer", view, visibility: "private" };
  },
});

function nothingLike(incident: Incident) {
  return answerView(
    `No earlier incident is like incident ${incident.id}. One is shown when it is over and shares rare alerts with it.`,
  );
}

function listOf(incident: Incident, past: readonly PastIncident[]) {
  const first = past[0];
  const best =
    first === undefined
      ? ""
      : `Most like incident ${incident.id} is ${first.incidentId} (${similarityText(first)}): ${endingText(first)}.`;
  return answerView(best, {
    title: `Earlier incidents like ${incident.id}: ${oneLine(incident.title, 100)}`,
    blocks: past.flatMap((each) => blocksOf(each, incident)),
    actions: past.map(({ incidentId }) => ({
      label: `Why incident ${incidentId}`,
      command: `why ${incidentId}`,
      style: "plain" as const,
    })),
  });
}

function blocksOf(past: PastIncident, asked: Incident): readonly ViewBlock[] {
  const before = duration(asked.startedAt.getTime() - past.incident.startedAt.getTime());
  const common = past.parts.filter(({ score }) => score < 0).map(({ because }) => because);
  const alike = `Alike: ${whySimilar(past)}${common.length === 0 ? "" : `; but ${common.join("; ")}`}.`;
  return [
    {
      kind: "text",
      text: [
        toPage(
          `#${past.incidentId} ${oneLine(past.incident.title, 120)}`,
          `/incidents/${past.incidentId}`,
          "bold",
        ),
        plain(` · ${before} before · ${similarityText(past)} similar`),
      ],
    },
    {
      kind: "list",
      ordered: "bulleted",
      items: [[plain(oneLine(`How it ended: ${endingText(past)}.`, 400))], [plain(oneLine(alike, 500))]],
    },
  ];
}
