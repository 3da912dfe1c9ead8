/** `explainer`: who writes explanations, and what a model may cost. */
import { z } from "zod";
import { questionLimits } from "../domain/explanation/tokens.ts";

/** Under the least no question could ever be asked; `use: template` says that plainly. */
const tokenBudget = z.int().min(questionLimits.least, {
  error: ({ input }) =>
    `is ${String(input)}; must be at least ${questionLimits.least}, which the shortest question to a model takes; to ask none: use: template`,
});

export const explainerSchema = z
  .strictObject({
    use: z.enum(["template", "openai"]).default("openai"),
    tokensPerDay: tokenBudget.default(200_000),
    tokensPerIncident: tokenBudget.default(20_000),
    timeoutSeconds: z.number().positive().max(300).default(20),
  })
  .prefault({});
