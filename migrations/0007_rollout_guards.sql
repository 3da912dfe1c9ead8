CREATE TABLE "freezes" (
	"id" serial PRIMARY KEY NOT NULL,
	"name" text,
	"matchers" jsonb NOT NULL,
	"schedule" jsonb NOT NULL,
	"reason" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"passes_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "freezes_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "reviews" (
	"id" serial PRIMARY KEY NOT NULL,
	"rollout_id" integer NOT NULL,
	"opened_by" text NOT NULL,
	"reason" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"closed_by" text,
	"closed_at" timestamp (3) with time zone,
	"verdict" text,
	CONSTRAINT "reviews_rollout_id_unique" UNIQUE("rollout_id")
);
--> statement-breakpoint
CREATE TABLE "rollout_notes" (
	"id" serial PRIMARY KEY NOT NULL,
	"rollout_id" integer NOT NULL,
	"key" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"text" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "locks" ADD COLUMN "held_by" text;--> statement-breakpoint
ALTER TABLE "locks" ADD COLUMN "held_reason" text;--> statement-breakpoint
ALTER TABLE "locks" ADD COLUMN "held_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "approval_rules" jsonb;--> statement-breakpoint
CREATE INDEX "reviews_open" ON "reviews" USING btree ("id") WHERE closed_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "rollout_notes_key" ON "rollout_notes" USING btree ("rollout_id","key");