/**
 * What the bot's own role may do with the audit log. On a server, tables belong to another role, under which migrations
 * run; the bot's may read and add to the log, and nothing else.
 */
import postgres from "postgres";

/** Tables of the log, and what the bot needs of each. */
const auditTables = {
  audit: "select, insert",
  audit_values: "select, insert",
  audit_nodes: "select, insert",
  audit_checkpoints: "select, insert",
  audit_head: "select",
  audit_erased: "select",
  audit_prunings: "select",
} as const;

/**
 * Gives the role of the bot what it needs of everything that the owner has made; safe to repeat after each migration.
 * @param ownerUrl - of the role that owns the tables.
 * @throws Error when both are one role, since nothing would be gained.
 */
export async function grantRights(ownerUrl: string, role: string): Promise<void> {
  const client = postgres(ownerUrl, { max: 1, fetch_types: false, onnotice: () => undefined });
  try {
    const [names] = await client`
      select quote_ident(${role}) as role, quote_ident(current_schema()) as schema, current_user = ${role} as same`;
    if (names === undefined || names["same"] === true)
      throw new Error(
        `MIGRATION_DATABASE_URL and DATABASE_URL both name the role ${role}; create one that owns the tables and one for the bot`,
      );
    const quoted = String(names["role"]);
    const statements = [
      ...statementsFor(quoted, String(names["schema"])),
      ...(await policiesFor(client, quoted)),
    ];
    await client.begin(async (tx) => {
      for (const statement of statements) await tx.unsafe(statement);
    });
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** The job queue shows its rows to nobody but the owner of its tables, whatever was granted, unless a policy says so. */
async function policiesFor(client: postgres.Sql, role: string): Promise<readonly string[]> {
  const tables = await client<{ name: string }[]>`
    select quote_ident(relname) as name from pg_class
    where relnamespace = 'graphile_worker'::regnamespace and relkind = 'r' and relrowsecurity order by relname`;
  return tables.flatMap(({ name }) => [
    `drop policy if exists tocsin_bot on graphile_worker.${name}`,
    `create policy tocsin_bot on graphile_worker.${name} to ${role} using (true) with check (true)`,
  ]);
}

function statementsFor(role: string, schema: string): readonly string[] {
  const schemas = `${schema}, graphile_worker`;
  const guarded = Object.entries(auditTables).flatMap(([table, rights]) => [
    `revoke all on ${schema}.${table} from ${role}`,
    `grant ${rights} on ${schema}.${table} to ${role}`,
  ]);
  return [
    `grant usage on schema ${schemas}, drizzle to ${role}`,
    `grant select on all tables in schema drizzle to ${role}`,
    `grant select, insert, update, delete on all tables in schema ${schemas} to ${role}`,
    `grant usage, select, update on all sequences in schema ${schemas} to ${role}`,
    `grant execute on all functions in schema graphile_worker to ${role}`,
    ...guarded,
    `revoke all on function ${schema}.lock_audit_head() from public`,
    `grant execute on function ${schema}.lock_audit_head() to ${role}`,
  ];
}

/** What the connected role could do to the log beyond reading and adding, in words; empty when it can do no more. */
export async function excessRights(client: postgres.Sql): Promise<readonly string[]> {
  const tables = Object.entries(auditTables).map(([name, rights]) => ({
    name,
    mayInsert: rights.includes("insert"),
  }));
  const roles = await client<{ excess: string }[]>`
    select 'is a superuser' as excess from pg_roles where rolname = current_user and rolsuper
    union all select 'may create roles' from pg_roles where rolname = current_user and rolcreaterole
    union all select 'may switch triggers off (session_replication_role)'
      where has_parameter_privilege(current_user, 'session_replication_role', 'SET')
        and not exists (select from pg_roles where rolname = current_user and rolsuper)`;
  const onTables = await client<{ excess: string }[]>`
    with known as (select * from jsonb_to_recordset(${JSON.stringify(tables)}::text::jsonb) as t(name text, "mayInsert" boolean)),
    found as (
      select k.name, k."mayInsert", c.oid, c.relowner from known k join pg_class c on c.relname = k.name
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema())
    select 'owns ' || name as excess from found where pg_has_role(current_user, relowner, 'MEMBER')
    union all
    select 'may ' || lower(r.privilege) || ' ' || name from found, (values ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER'), ('INSERT')) as r(privilege)
    where has_table_privilege(current_user, oid, r.privilege) and not pg_has_role(current_user, relowner, 'MEMBER')
      and not (r.privilege = 'INSERT' and "mayInsert")
    order by 1`;
  return [...roles, ...onTables].map(({ excess }) => excess);
}
