CREATE TABLE "escalations" (
	"incident_id" integer PRIMARY KEY NOT NULL,
	"rule" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"next_step" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pages" (
	"incident_id" integer NOT NULL,
	"pager" text NOT NULL,
	"wanted" text NOT NULL,
	"told" text,
	"problem" text,
	CONSTRAINT "pages_incident_id_pager_pk" PRIMARY KEY("incident_id","pager")
);
