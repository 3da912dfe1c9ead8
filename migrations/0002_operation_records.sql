CREATE TABLE "operation_records" (
	"operation_id" text PRIMARY KEY NOT NULL,
	"backend" text NOT NULL,
	"model" text NOT NULL,
	"environment" text NOT NULL,
	"operation" jsonb NOT NULL,
	"state" text NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"notes" jsonb NOT NULL,
	"revision" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "operation_records_target" ON "operation_records" USING btree ("backend","model","environment","state");