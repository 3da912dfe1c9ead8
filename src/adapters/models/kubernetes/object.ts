/** Objects of the API as far as they are read here; what is not named is kept as it is. */
import { z } from "zod";

const texts = z.record(z.string(), z.string());

export const metadata = z.looseObject({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().default(0),
  creationTimestamp: z.string().default(""),
  labels: texts.nullish().transform((labels) => labels ?? {}),
  annotations: texts.nullish(),
  ownerReferences: z.array(z.looseObject({ uid: z.string() })).default([]),
  managedFields: z
    .array(
      z.looseObject({
        manager: z.string().default(""),
        time: z.string().optional(),
        subresource: z.string().optional(),
        fieldsV1: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .default([]),
});
export type Metadata = z.output<typeof metadata>;

/** Kept exactly: it is written back when one goes back to it. */
export const podTemplate = z.looseObject({
  metadata: z.looseObject({ labels: texts.optional(), annotations: texts.optional() }).nullish(),
  spec: z.looseObject({
    containers: z
      .array(
        z.looseObject({
          name: z.string(),
          image: z.string().optional(),
          env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
        }),
      )
      .min(1),
  }),
});
export type PodTemplate = z.output<typeof podTemplate>;

export const labelSelector = z.object({
  matchLabels: texts.optional(),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).nullish(),
      }),
    )
    .optional(),
});

export const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
  lastTransitionTime: z.string().nullish(),
});
export type Condition = z.output<typeof condition>;

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z
      .array(item)
      .nullish()
      .transform((items) => items ?? []),
  });
}

export function conditionOf(conditions: readonly Condition[], type: string): Condition | null {
  return conditions.find((each) => each.type === type) ?? null;
}

/** As a query wants it: "app=scorer,tier in (a,b)". */
export function selectorText({
  matchLabels = {},
  matchExpressions = [],
}: z.output<typeof labelSelector>): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values }) => {
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator === "In" ? "in" : "notin"} (${(values ?? []).join(",")})`;
  });
  return [...equal, ...others].join(",");
}

/** One part of a path of JSON Patch. */
export function pointer(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}
