import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { firingWords } from "../src/domain/incident/view.ts";
import type { Incident } from "../src/domain/incident.ts";
import { duration, oneLine, type ViewAction } from "../src/domain/view.ts";
import { type CommandContext, defineCommand } from "../src/ports/command.ts";

const states = ["open", "acknowledged", "unresolved", "resolved", "all"] as const;

export default defineCommand({
  kind: "read",
  name: "incidents",
  summary: "List incidents, newest first",
  examples: ["incidents", "incidents resolved --limit 5", "incidents --service checkout"],
  options: z.object({
    state: z.enum(states).default("unresolved").describe("which ones"),
    service: z.string().max(200).optional().describe("only those with alerts of this service"),
    limit: z.number().int().min(1).max(50).default(10).describe("how many at most, 1 to 50"),
  }),
  args: ["state"],
  action: "read",
  async run(options, context) {
    const found = await context.store.incidents.list({
      ...statesOf(options.state),
      ...(options.service === undefined ? {} : { service: options.service }),
      limit: options.limit,
    });
    const about = options.service === undefined ? "" : ` about ${options.service}`;
    const which = options.state === "all" ? "" : `${options.state} `;
    if (found.length === 0) {
      return { kind: "answer", view: answerView(`No ${which}incidents${about}.`), visibility: "private" };
    }
    const text = `${found.length} ${which}${found.length === 1 ? "incident" : "incidents"}${about}: ${found
      .slice(0, 5)
      .map((incident) => `${incident.id} ${incident.title} (${incident.severity}, ${incident.state})`)
      .join("; ")}.`;
    const view = answerView(text, {
      title: `${found.length} ${which}${found.length === 1 ? "incident" : "incidents"}${about}`,
      blocks: [
        {
          kind: "table",
          columns: ["id", "severity", "state", "what", "alerts", "since"],
          rows: found.map((incident) => rowOf(incident, context.now)),
        },
      ],
      actions: actionsOf(found, context),
    });
    return { kind: "answer", view, visibility: "private" };
  },
});

function statesOf(state: (typeof states)[number]): { states?: readonly Incident["state"][] } {
  if (state === "all") return {};
  return { states: state === "unresolved" ? ["open", "acknowledged"] : [state] };
}

function rowOf(incident: Incident, now: Date): readonly string[] {
  return [
    String(incident.id),
    incident.severity,
    incident.state,
    familyTitle(incident),
    firingWords(incident),
    `${duration(now.getTime() - incident.startedAt.getTime())} ago`,
  ];
}

/** A split incident says of which family it is. */
function familyTitle({ title, parentId }: Incident): string {
  return `${oneLine(title, 120)}${parentId === null ? "" : ` · split from ${parentId}`}`;
}

function actionsOf(found: readonly Incident[], context: CommandContext): ViewAction[] {
  return found
    .filter((incident) => incident.state === "open")
    .filter((incident) =>
      context.may("acknowledge", { type: "Incident", id: incident.id, severity: incident.severity }),
    )
    .slice(0, 5)
    .map((incident) => ({
      label: `Acknowledge ${incident.id}`,
      command: `ack ${incident.id}`,
      style: "plain",
    }));
}
