/** The page of an incident's report: what /incident report writes, with its text below. */
import { postmortemView } from "../../domain/incident/postmortem-view.ts";
import { onPage, toPage } from "../../domain/view/page.ts";
import { plain } from "../../domain/view.ts";
import { readPostmortem } from "../../queries/postmortem.ts";
import { type MakePage, missing, shown } from "./context.ts";

export const incidentReportPage: MakePage = async ({ store, nameOf, now }, id) => {
  const incident = await store.incidents.find(Number(id));
  if (incident === null) return missing(`There is no incident ${id}.`, "Look for it among all incidents.");
  const facts = await readPostmortem(incident, store, { nameOf, now });
  const report = postmortemView(facts, null);
  return shown({
    title: report.title,
    lead: "What happened, who did what, and what ended it.",
    filters: [],
    blocks: [
      { kind: "note", text: [toPage("The incident", `/incidents/${incident.id}`), plain(" as it is now.")] },
      ...onPage(report.blocks, "Report"),
    ],
    next: null,
  });
};
