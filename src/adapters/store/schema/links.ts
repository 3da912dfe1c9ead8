/** People on several platforms. */
import { bigserial, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { at } from "./columns.ts";

/** Accounts that people confirmed to be theirs; see src/domain/people/link.ts. */
export const accountLinks = pgTable(
  "account_links",
  {
    platform: text("platform").notNull(),
    account: text("account").notNull(),
    accountName: text("account_name").notNull(),
    /** Key in tocsin.yaml. */
    person: text("person").notNull(),
    linkedAt: at("linked_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.platform, table.account] })],
);

/** Codes that were given out and not used: one for a person. */
export const linkCodes = pgTable("link_codes", {
  person: text("person").primaryKey(),
  platform: text("platform").notNull(),
  expiresAt: at("expires_at").notNull(),
  hash: text("hash").notNull().unique(),
});

/** Codes that were wrong, for an hour. */
export const wrongLinkCodes = pgTable(
  "wrong_link_codes",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    platform: text("platform").notNull(),
    account: text("account").notNull(),
    at: at("at").notNull(),
  },
  (table) => [index("wrong_link_codes_at").on(table.at)],
);
