CREATE TABLE "account_links" (
	"platform" text NOT NULL,
	"account" text NOT NULL,
	"account_name" text NOT NULL,
	"person" text NOT NULL,
	"linked_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "account_links_platform_account_pk" PRIMARY KEY("platform","account")
);
--> statement-breakpoint
CREATE TABLE "link_codes" (
	"person" text PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "link_codes_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "wrong_link_codes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"account" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "wrong_link_codes_at" ON "wrong_link_codes" USING btree ("at");