CREATE TABLE "servings" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"model" text NOT NULL,
	"environment" text NOT NULL,
	"part" text NOT NULL,
	"version" text,
	"after" timestamp (3) with time zone,
	"since" timestamp (3) with time zone NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"by" text,
	"cause" text NOT NULL,
	"rollout_id" integer,
	"audit_seq" bigint,
	"previous_id" bigint NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "servings_successor" ON "servings" USING btree ("model","environment","part","previous_id");--> statement-breakpoint
CREATE INDEX "servings_place" ON "servings" USING btree ("model","environment","part","id");