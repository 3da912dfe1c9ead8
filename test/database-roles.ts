/** A database with a role that owns it and another for the bot, as docs/audit.md has it set up. */
import postgres from "postgres";
import { inject } from "vitest";
import { freshDatabase, type TestDatabase } from "./database.ts";

export interface RolesDatabase extends TestDatabase {
  /** Of the role that owns the tables. */
  readonly owner: string;
  /** Of the role that the bot has. */
  readonly bot: string;
}

/** Without any table; both roles go with it. */
export async function rolesDatabase(): Promise<RolesDatabase> {
  const database = await freshDatabase("empty");
  const name = new URL(database.url).pathname.slice(1);
  const [owner, bot] = [`${name}_owner`, `${name}_bot`];
  const admin = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  const urlOf = (role: string) => {
    const url = new URL(database.url);
    url.username = role;
    url.password = "secret";
    return url.href;
  };
  for (const role of [owner, bot]) await admin.unsafe(`create role ${role} login password 'secret'`);
  await admin.unsafe(`alter database ${name} owner to ${owner}`);
  return {
    ...{ url: database.url, owner: urlOf(owner), bot: urlOf(bot) },
    close: async () => {
      await database.close();
      for (const role of [owner, bot]) await admin.unsafe(`drop role if exists ${role}`);
      await admin.end();
    },
  };
}

/** Addresses under each role; both roles go when the work is done. */
export async function withRoles(
  work: (roles: {
    readonly owner: string;
    readonly bot: string;
    /** As the server's own administrator. */
    readonly admin: (statement: string) => Promise<unknown>;
  }) => Promise<void>,
): Promise<void> {
  const database = await rolesDatabase();
  const asAdmin = postgres(database.url, { max: 1, onnotice: () => undefined });
  try {
    const admin = (statement: string) => asAdmin.unsafe(statement);
    await work({ owner: database.owner, bot: database.bot, admin });
  } finally {
    await asAdmin.end();
    await database.close();
  }
}
