import { z } from "zod";
import { declarationBody, declaredSource } from "../src/domain/alert/declaration.ts";
import { severities } from "../src/domain/alert.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { oneLine, safeUrl } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { suggestServices } from "./_lookup.ts";
import { refusal } from "./_matchers.ts";
import { authorOf } from "./_people.ts";

/** A message of longer ago is no beginning of what happens now, ms. */
const oldestMs = 24 * 3_600_000;

export default defineCommand({
  kind: "operate",
  name: "declare",
  summary: "Say that something is wrong that no alert has told: it becomes an incident",
  examples: ["declare customers cannot pay", 'declare "checkout is slow" --severity high --service checkout'],
  options: z.object({
    text: z.string().max(2_000).default("").describe("what is wrong; its first words are the title"),
    severity: z.enum(severities).default("high").describe("how bad it is"),
    service: z.string().max(200).optional().describe("what it is about, as in your topology"),
    author: z.string().max(100).optional().describe("who said it; you when left out"),
    at: z.iso
      .datetime({ offset: true })
      .optional()
      .describe("since when, 2026-03-02T10:05:00Z; now when left out"),
    link: z.string().max(500).optional().describe("where it was said"),
    message: z.string().max(200).optional().describe("its name in the chat; the shortcut fills it in"),
  }),
  args: ["text"],
  rest: "text",
  form: { fields: ["text", "severity", "service"], asks: ["text"] },
  action: "declare",
  suggest: { service: suggestServices },
  async run(options, context) {
    const { store, person, now } = context;
    const text = options.text.trim();
    if (text === "")
      return {
        ...refusal(
          "nothing_said",
          "Nothing was said of what is wrong.",
          "Say it: declare customers cannot pay",
        ),
        suggestions: ["help declare"],
      };
    const at = options.at === undefined ? now : new Date(options.at);
    const isRecent = at <= now && now.getTime() - at.getTime() <= oldestMs;
    const startsAt = isRecent ? at : now;
    // The same message declared twice is one; what is typed is a new one each time.
    const key = options.message ?? `${person.id} ${now.toISOString()} ${text}`;
    const body = declarationBody({
      ...{ key, text, severity: options.severity, startsAt, link: safeUrl(options.link) },
      ...{ service: options.service ?? null, author: await authorOf(options.author, context) },
    });
    await store.deliveries.insert([{ source: declaredSource, headers: {}, receivedAt: now, body }]);
    const answer =
      "Declared. Its card comes within moments: an incident of its own, or within one that is open and belongs to it.";
    return {
      kind: "answer",
      view: answerView(answer, { tone: "good" }),
      visibility: "private",
      audit: {
        action: "incident.declared",
        subject: "bot",
        data: {
          text: oneLine(text, 500),
          severity: options.severity,
          service: options.service ?? null,
          message: options.message ?? null,
        },
      },
    };
  },
});
