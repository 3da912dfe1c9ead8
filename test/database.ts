/** A database of its own for a test. */
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";

export interface TestDatabase {
  readonly url: string;
  /** Drops it, whoever is still connected. */
  close(): Promise<void>;
}

/**
 * A migrated, empty database, cloned from the run's template.
 * @param contents - "empty" gives a database without any table, for tests of the migration itself.
 */
export async function freshDatabase(contents: "migrated" | "empty" = "migrated"): Promise<TestDatabase> {
  const template = inject("templateName");
  const name = `${template.replace(/_template$/, "")}_${randomBytes(6).toString("hex")}`;
  const source = contents === "migrated" ? template : "template0";
  await onServer(`create database ${name} template ${source}`);
  const url = new URL(inject("serverUrl"));
  url.pathname = `/${name}`;
  return { url: url.href, close: () => onServer(`drop database if exists ${name} with (force)`) };
}

/** As the administrator of the server that the tests use. */
export async function onServer(statement: string): Promise<void> {
  const admin = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  try {
    await admin.unsafe(statement);
  } finally {
    await admin.end({ timeout: 5 });
  }
}
