ALTER TABLE "incident_texts" ADD COLUMN "teams" text[] DEFAULT '{}' NOT NULL;
--> statement-breakpoint
UPDATE "incident_texts" AS t SET "teams" = a."teams"
FROM (
	SELECT "incident_id", array_agg(DISTINCT lower(left("team", 200))) AS "teams"
	FROM (
		SELECT "incident_id", coalesce(nullif("labels" ->> 'team', ''), nullif("labels" ->> 'owner', '')) AS "team"
		FROM "alerts" WHERE "incident_id" IS NOT NULL) AS whose
	WHERE "team" IS NOT NULL GROUP BY "incident_id") AS a
WHERE a."incident_id" = t."incident_id";
--> statement-breakpoint
CREATE INDEX "incident_texts_teams" ON "incident_texts" USING gin ("teams");
