/** `bake`, `canary` and `timeoutMinutes` of a model in tocsin.yaml. */
import { z } from "zod";
import { checkPlaces } from "../domain/bake/check.ts";
import type { BakeRule } from "../domain/bake.ts";
import { placesProblem } from "../domain/metrics/promql-template.ts";

const minuteMs = 60_000;

const checkSchema = z
  .strictObject({
    name: z.string().min(1).max(60),
    query: z
      .string()
      .max(2_000)
      .refine((text) => placesProblem(text, checkPlaces) === null, {
        error: (issue) => placesProblem(String(issue.input), checkPlaces) ?? "is not right",
      }),
    max: z.number().optional(),
    min: z.number().optional(),
    forSeconds: z.number().min(15).max(3_600).default(60),
  })
  .refine(
    (given) => given.max !== undefined || given.min !== undefined,
    "needs max or min: within which limits every value must lie",
  )
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, {
    error: (issue) => {
      // What is refined has been parsed.
      const { min, max } = issue.input as { readonly min: number; readonly max: number };
      return `min ${min} is above max ${max}: no value lies within; swap them`;
    },
  });

const checks = z.array(checkSchema).max(10, "has more than 10 checks");
const minutes = z.number().min(1).max(1_440);
const onFail = z.enum(["ask", "rollback"]);

/** What is watched after a rollout. */
export const bakeSchema = z.strictObject({
  minutes: minutes.default(30),
  onFail: onFail.default("ask"),
  checks: checks.default([]),
  environments: z
    .record(
      z.string(),
      z.union([
        z.literal(false),
        z.strictObject({ minutes: minutes.optional(), onFail: onFail.optional(), checks: checks.optional() }),
      ]),
    )
    .default({}),
});

/** How long a canary stays at each of its steps. */
export const canarySchema = z.strictObject({ holdMinutes: z.number().min(1).max(1_440) });

export const defaultHoldMs = 10 * minuteMs;

/**
 * The rule of each environment; those in which nothing is watched are left out.
 * @param environments - of the model.
 */
export function bakesOf(
  given: z.output<typeof bakeSchema> | undefined,
  environments: readonly string[],
): ReadonlyMap<string, BakeRule> {
  const rules = new Map<string, BakeRule>();
  if (given === undefined) return rules;
  for (const environment of environments) {
    const own = given.environments[environment];
    if (own === false) continue;
    rules.set(environment, {
      windowMs: (own?.minutes ?? given.minutes) * minuteMs,
      onFail: own?.onFail ?? given.onFail,
      checks: (own?.checks ?? given.checks).map((check) => ({
        name: check.name,
        query: check.query,
        max: check.max ?? null,
        min: check.min ?? null,
        holdMs: check.forSeconds * 1_000,
      })),
    });
  }
  return rules;
}

/** An environment that `bake` names and the model does not have; null when there is none. */
export function strayBake(
  given: z.output<typeof bakeSchema> | undefined,
  environments: readonly string[],
): string | null {
  return Object.keys(given?.environments ?? {}).find((name) => !environments.includes(name)) ?? null;
}
