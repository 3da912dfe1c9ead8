ALTER TABLE "incidents" ADD COLUMN "assigned_to" text;--> statement-breakpoint
ALTER TABLE "incidents" ADD COLUMN "assigned_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "incidents" ADD COLUMN "severity_set_by" text;--> statement-breakpoint
ALTER TABLE "incidents" ADD COLUMN "snoozed_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "incidents" ADD COLUMN "related" jsonb DEFAULT '[]'::jsonb NOT NULL;