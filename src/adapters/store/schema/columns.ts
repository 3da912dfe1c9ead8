/** Types of columns that the query builder lacks, or has otherwise than we need. */
import { customType } from "drizzle-orm/pg-core";
import { readTime, writeTime } from "../values.ts";

/** A moment to the millisecond. Not drizzle's own type: it reads the years before 100 as 1900 and later. */
export const at = customType<{ data: Date; driverData: string }>({
  dataType: () => "timestamp (3) with time zone",
  toDriver: writeTime,
  fromDriver: readTime,
});
export const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
export const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });
