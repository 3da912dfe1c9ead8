CREATE TABLE "chat_troubles" (
	"id" serial PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"channel" text NOT NULL,
	"part" text NOT NULL,
	"problem" text NOT NULL,
	"remedy" text NOT NULL,
	"met_by" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"probes" integer NOT NULL,
	"probe_at" timestamp (3) with time zone NOT NULL,
	"healed_at" timestamp (3) with time zone,
	"revision" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "reposts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "chat_troubles_open" ON "chat_troubles" USING btree ("platform","channel","part") WHERE healed_at is null;