/** What model backends keep of their operations. */
import { and, desc, eq } from "drizzle-orm";
import type { OperationRecord, OperationRecordStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { operationRecords } from "./schema.ts";

const maxNotesCharacters = 65_536;

export function operationRecordSlice(db: Db): OperationRecordStore {
  return {
    keep: async (record) => {
      const { operation, notes, ...rest } = record;
      const { operationId, model, environment } = operation;
      const kept = await db
        .insert(operationRecords)
        .values({
          ...{ ...rest, operationId, model, environment },
          ...{ operation, notes: checked(notes), revision: 0 },
        })
        .onConflictDoNothing()
        .returning({ operationId: operationRecords.operationId });
      return kept.length > 0;
    },
    find: async (operationId) => {
      const [row] = await db
        .select()
        .from(operationRecords)
        .where(eq(operationRecords.operationId, operationId));
      return row === undefined ? null : toRecord(row);
    },
    update: async ({ operation, state, endedAt, notes, revision }) => {
      const updated = await db
        .update(operationRecords)
        .set({ state, endedAt, notes: checked(notes), revision: revision + 1 })
        .where(
          and(
            eq(operationRecords.operationId, operation.operationId),
            eq(operationRecords.revision, revision),
          ),
        )
        .returning({ operationId: operationRecords.operationId });
      return updated.length > 0;
    },
    forget: async (operationId) => {
      await db.delete(operationRecords).where(eq(operationRecords.operationId, operationId));
    },
    list: async ({ backend, model, environment, state, limit }) => {
      const rows = await db
        .select()
        .from(operationRecords)
        .where(
          and(
            eq(operationRecords.backend, backend),
            eq(operationRecords.model, model),
            eq(operationRecords.environment, environment),
            eq(operationRecords.state, state),
          ),
        )
        .orderBy(desc(operationRecords.endedAt), desc(operationRecords.askedAt))
        .limit(limit);
      return rows.map(toRecord);
    },
  };
}

function checked(notes: OperationRecord["notes"]): OperationRecord["notes"] {
  const { length } = JSON.stringify(notes);
  if (length <= maxNotesCharacters) return notes;
  throw new RangeError(
    `store: notes of an operation hold ${length} characters; at most ${maxNotesCharacters}`,
  );
}

function toRecord(row: typeof operationRecords.$inferSelect): OperationRecord {
  const { operationId: _id, model: _model, environment: _environment, ...record } = row;
  return record;
}
