/** `prometheus` in tocsin.yaml. */
import { z } from "zod";
import { templateProblem } from "../domain/metrics/promql-template.ts";
import { secretName } from "./values.ts";

/** How metrics are read from PROMETHEUS_URL, and what is asked of every suspect. */
export const prometheusSchema = z
  .strictObject({
    bearer: secretName.optional(),
    basic: z.strictObject({ user: z.string().min(1), password: secretName }).optional(),
    tenant: z.string().min(1).max(150).optional(),
    queries: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(60),
          query: z
            .string()
            .max(2_000)
            .refine((text) => templateProblem(text) === null, {
              error: (issue) => templateProblem(String(issue.input)) ?? "is not right",
            }),
          unit: z.string().max(20).default(""),
        }),
      )
      .max(12, "has more than 12 queries; each is asked of up to three services within seconds")
      .optional(),
  })
  .refine(
    (given) => given.bearer === undefined || given.basic === undefined,
    "takes bearer or basic, not both",
  );
