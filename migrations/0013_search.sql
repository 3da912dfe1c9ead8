CREATE TABLE "incident_texts" (
	"incident_id" integer PRIMARY KEY NOT NULL,
	"words" "tsvector" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "incident_texts_words" ON "incident_texts" USING gin ("words");--> statement-breakpoint
CREATE INDEX "timeline_said" ON "timeline" USING gin (to_tsvector('simple', text)) WHERE actor <> 'tocsin';
--> statement-breakpoint
INSERT INTO "incident_texts" ("incident_id", "words")
SELECT i."id", to_tsvector('simple', left(concat_ws(' ', i."title", a."text"), 100000))
FROM "incidents" AS i
LEFT JOIN LATERAL (
	SELECT string_agg(concat_ws(' ', "name", "service", "summary"), ' ') AS "text"
	FROM (
		SELECT DISTINCT ON ("name", "service") "name", "service", "summary"
		FROM "alerts" WHERE "incident_id" = i."id" ORDER BY "name", "service", "starts_at" LIMIT 200) AS kind) AS a ON true;
