/** The page of the noise report: what /noise answers, with its choices as filters. */
import { z } from "zod";
import { onPage } from "../../domain/view/page.ts";
import { asked, type MakePage, refusedBy, shown } from "./context.ts";
import { choice, word, wordQuery } from "./queries.ts";

const days = ["1", "7", "30", "90"] as const;
const query = z.object({ team: wordQuery, days: z.enum(days).optional() });
const namesMs = 90 * 24 * 3_600_000;

export const noisePage: MakePage = async (context) => {
  const parsed = asked(query, context.query);
  if (parsed.kind === "refuse") return parsed;
  const { team, days: back = "30" } = parsed.value;
  const quoted = team === undefined ? "" : `"${team.replaceAll(/["\\]/g, "")}" `;
  const [found, names] = await Promise.all([
    context.look("noise", `${quoted}--days ${back}`),
    context.names(namesMs),
  ]);
  if (found.kind === "refused") return refusedBy(found.view, found.isDenied);
  const { actions } = found.view;
  return shown({
    title: "Noise",
    lead: found.view.summary,
    filters: [
      word("team", "Team", team ?? "", names.teams),
      choice(
        "days",
        "Days back",
        back,
        days.map((each) => [each, each === "1" ? "1 day" : `${each} days`]),
      ),
    ],
    blocks: [
      ...onPage(found.view.blocks, "Noise by rule"),
      ...(actions.length === 0
        ? []
        : [
            {
              kind: "view" as const,
              view: { ...found.view, title: "Quieten now", blocks: [], summary: "Quieten now" },
              subject: null,
            },
          ]),
    ],
    next: null,
  });
};
