/** Connections to PostgreSQL. */

import type { PgDatabase } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { prepareRepeated } from "./prepared.ts";
import * as schema from "./schema.ts";
import { cleanJson, cleanText } from "./values.ts";

/** A database or a transaction on it: what the slices of the store are made of. */
export type Db = PgDatabase<PostgresJsQueryResultHKT, typeof schema>;

/** Type numbers of pg_type. */
const textTypes = [25, 1043];
const jsonbType = 3802;

export interface DatabaseAddress {
  readonly url: string;
  /** The password for each new connection, where it may change; that of the URL when left out. Never throws. */
  readonly password?: (() => string) | undefined;
}

export interface ClientOptions extends DatabaseAddress {
  /** Shown by pg_stat_activity. */
  readonly name: string;
  readonly maxConnections: number;
}

/** A bare client: its parameters go as they are, bytes included. Every wait on it ends. */
export function openClient(options: ClientOptions): postgres.Sql {
  return postgres(options.url, {
    ...(options.password === undefined ? {} : { pass: options.password }),
    max: options.maxConnections,
    onnotice: () => undefined,
    // Asking for the array types is the one query of the library that nobody awaits: a connection that is cut just
    // then would end the bot with an unhandled rejection. No array is sent as a parameter.
    fetch_types: false,
    connect_timeout: 10,
    connection: {
      application_name: options.name,
      TimeZone: "UTC",
      statement_timeout: 30_000,
      lock_timeout: 20_000,
      idle_in_transaction_session_timeout: 60_000,
    },
  });
}

/**
 * Wraps a client of its own: this changes its serializers, and what it prepares. Every text and JSON that goes
 * through it is cleaned of what PostgreSQL refuses, so that no alert can poison a batch.
 */
export function openDrizzle(client: postgres.Sql): Db {
  prepareRepeated(client);
  const db = drizzle(client, { schema });
  for (const type of textTypes) client.options.serializers[type] = cleanOr(cleanText);
  client.options.serializers[jsonbType] = cleanOr(cleanJson);
  return db;
}

function cleanOr(clean: (text: string) => string) {
  return (value: unknown) => (typeof value === "string" ? clean(value) : value);
}
