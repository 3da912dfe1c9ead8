/** What the `versions` command prints: one version in a line, or JSON. */
import { z } from "zod";
import type { ModelVersion } from "../../../ports/model.ts";

const versionSchema = z.union([
  z.string().transform((version) => ({ version })),
  z.object({
    version: z.union([z.string(), z.number()]).transform(String),
    createdAt: z.iso.datetime({ offset: true }).optional(),
    createdBy: z.string().optional(),
    metrics: z.record(z.string(), z.number()).optional(),
    description: z.string().optional(),
    digest: z.string().optional(),
    tags: z.record(z.string(), z.string()).default({}),
  }),
]);

/** @throws Error for JSON of another shape, naming where. */
export function parseVersions(model: string, output: string): readonly ModelVersion[] {
  const text = output.trim();
  if (!text.startsWith("[")) {
    const lines = text.split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "").map((version) => toVersion({ version }));
  }
  const parsed = z.array(versionSchema).safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data.map(toVersion);
  const issue = parsed.error.issues[0];
  throw new Error(
    `exec: the versions of ${model} are not what is expected: ${issue?.path.join(".")} ${issue?.message}`,
  );
}

function toVersion(given: {
  readonly version: string;
  readonly createdAt?: string | undefined;
  readonly createdBy?: string | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly description?: string | undefined;
  readonly digest?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}): ModelVersion {
  return {
    version: given.version,
    createdAt: given.createdAt === undefined ? null : new Date(given.createdAt),
    createdBy: given.createdBy ?? null,
    metrics: given.metrics ?? {},
    description: given.description ?? "",
    digest: given.digest ?? null,
    ...(given.tags === undefined ? {} : { tags: given.tags }),
  };
}
