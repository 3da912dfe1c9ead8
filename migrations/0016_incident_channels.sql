CREATE TABLE "incident_channels" (
	"incident_id" bigint NOT NULL,
	"serial" integer NOT NULL,
	"platform" text NOT NULL,
	"state" text NOT NULL,
	"asked_by" text,
	"channel" text,
	"name" text,
	"names_taken" integer NOT NULL,
	"attempted_at" timestamp (3) with time zone,
	"doubted_at" timestamp (3) with time zone,
	"shown" jsonb NOT NULL,
	"closed_by" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone,
	CONSTRAINT "incident_channels_incident_id_serial_pk" PRIMARY KEY("incident_id","serial")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "incident_channels_channel" ON "incident_channels" USING btree ("platform","channel") WHERE channel is not null;