CREATE TABLE "snapshots" (
	"rollout_id" integer PRIMARY KEY NOT NULL,
	"snapshot" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "elapsed" jsonb;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "bake" jsonb;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "bake_is_open" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "rollouts_bake" ON "rollouts" USING btree ("id") WHERE bake_is_open;