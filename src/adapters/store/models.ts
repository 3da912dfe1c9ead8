/** The registry of the backend `builtin`. */
import { and, asc, desc, eq } from "drizzle-orm";
import type { RolloutStore, StoredModelVersion } from "../../ports.ts";
import type { Db } from "./client.ts";
import { modelAliases, modelVersions } from "./schema.ts";

type ModelRows = Pick<
  RolloutStore,
  "addModelVersion" | "modelVersions" | "findModelVersionByOperation" | "setAlias" | "aliasHistory"
>;

export function modelRows(db: Db): ModelRows {
  return {
    addModelVersion: async (version) => {
      await db.insert(modelVersions).values(version);
    },
    modelVersions: async (model) => {
      const rows = await db
        .select()
        .from(modelVersions)
        .where(eq(modelVersions.model, model))
        .orderBy(asc(modelVersions.version));
      return rows.map(toVersion);
    },
    findModelVersionByOperation: async (operationId) => {
      const [row] = await db
        .select()
        .from(modelVersions)
        .where(eq(modelVersions.operationId, operationId))
        .limit(1);
      return row === undefined ? null : toVersion(row);
    },
    setAlias: async ({ at, ...alias }) => {
      const { version, by, operationId } = alias;
      await db
        .insert(modelAliases)
        .values({ ...alias, since: at })
        .onConflictDoUpdate({
          target: [modelAliases.model, modelAliases.environment, modelAliases.alias, modelAliases.since],
          set: { version, by, operationId },
        });
    },
    aliasHistory: (model, environment, alias) =>
      db
        .select({
          version: modelAliases.version,
          since: modelAliases.since,
          by: modelAliases.by,
          operationId: modelAliases.operationId,
        })
        .from(modelAliases)
        .where(
          and(
            eq(modelAliases.model, model),
            eq(modelAliases.environment, environment),
            eq(modelAliases.alias, alias),
          ),
        )
        .orderBy(desc(modelAliases.since)),
  };
}

function toVersion(row: typeof modelVersions.$inferSelect): StoredModelVersion {
  // The column is written by addModelVersion alone, from a version.
  return { ...row, metrics: row.metrics as StoredModelVersion["metrics"] };
}
