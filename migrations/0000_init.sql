CREATE TABLE "alerts" (
	"key" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"external_id" text,
	"source" text NOT NULL,
	"status" text NOT NULL,
	"labels" jsonb NOT NULL,
	"annotations" jsonb NOT NULL,
	"name" text NOT NULL,
	"service" text,
	"severity" text NOT NULL,
	"summary" text NOT NULL,
	"url" text,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"seen_count" integer DEFAULT 1 NOT NULL,
	"ended_by" text,
	"incident_id" integer NOT NULL,
	"reasons" jsonb NOT NULL,
	"correlator_version" integer,
	"muted_by" jsonb,
	"flapping" jsonb,
	"part_of" text
);
--> statement-breakpoint
CREATE TABLE "approvals" (
	"rollout_id" integer NOT NULL,
	"person" text NOT NULL,
	"decision" text NOT NULL,
	"plan_hash" text NOT NULL,
	"reason" text NOT NULL,
	"via" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "approvals_rollout_id_person_pk" PRIMARY KEY("rollout_id","person")
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"outcome" text NOT NULL,
	"data" jsonb NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_head" (
	"id" integer PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"service" text,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"author" text,
	"url" text,
	"at" timestamp (3) with time zone NOT NULL,
	"rollout_id" integer
);
--> statement-breakpoint
CREATE TABLE "co_firing_counts" (
	"replica" text NOT NULL,
	"day" date NOT NULL,
	"a" text NOT NULL,
	"b" text NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "co_firing_counts_replica_day_a_b_pk" PRIMARY KEY("replica","day","a","b")
);
--> statement-breakpoint
CREATE TABLE "console_messages" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"channel" text NOT NULL,
	"thread_of" bigint,
	"audience" text,
	"view" jsonb NOT NULL,
	"posted_at" timestamp (3) with time zone NOT NULL,
	"edited_at" timestamp (3) with time zone,
	"revision" bigint NOT NULL,
	CONSTRAINT "console_messages_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "dead_deliveries" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"headers" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"body" "bytea" NOT NULL,
	"problem" text NOT NULL,
	"replayed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"headers" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"body" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "digest_runs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"slot" timestamp (3) with time zone NOT NULL,
	"from" timestamp (3) with time zone NOT NULL,
	"to" timestamp (3) with time zone NOT NULL,
	"channel" text NOT NULL,
	"digest" jsonb,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "evidence" (
	"incident_id" integer NOT NULL,
	"number" integer NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"text" text NOT NULL,
	"at" timestamp (3) with time zone,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	CONSTRAINT "evidence_incident_id_number_pk" PRIMARY KEY("incident_id","number")
);
--> statement-breakpoint
CREATE TABLE "explanations" (
	"incident_id" integer PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"explainer" text NOT NULL,
	"fallback" text,
	"explanation" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "feature_owners" (
	"feature" text PRIMARY KEY NOT NULL,
	"newest" jsonb NOT NULL,
	"total" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "feedback" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"incident_id" integer NOT NULL,
	"subject" text NOT NULL,
	"person" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "incident_features" (
	"incident_id" integer PRIMARY KEY NOT NULL,
	"features" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "incidents" (
	"id" integer PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"severity" text NOT NULL,
	"title" text NOT NULL,
	"services" jsonb NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"acknowledged_at" timestamp (3) with time zone,
	"acknowledged_by" text,
	"resolved_at" timestamp (3) with time zone,
	"resolved_by" text,
	"reopened_count" integer DEFAULT 0 NOT NULL,
	"alert_count" integer DEFAULT 0 NOT NULL,
	"firing_count" integer DEFAULT 0 NOT NULL,
	"is_muted" boolean DEFAULT false NOT NULL,
	"merged_into" integer,
	"parent_id" integer,
	"revision" integer DEFAULT 1 NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"id" text PRIMARY KEY NOT NULL,
	"secret" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"scope" text PRIMARY KEY NOT NULL,
	"holder" text,
	"fence" bigint DEFAULT 0 NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"cursor" bigint DEFAULT 0 NOT NULL,
	"next_incident_id" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "locks" (
	"target" text PRIMARY KEY NOT NULL,
	"rollout_id" integer NOT NULL,
	"fence" bigint NOT NULL,
	"holder" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "maintenance" (
	"id" serial PRIMARY KEY NOT NULL,
	"name" text,
	"matchers" jsonb NOT NULL,
	"schedule" jsonb NOT NULL,
	"reason" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"passes_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "maintenance_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "model_aliases" (
	"model" text NOT NULL,
	"environment" text NOT NULL,
	"alias" text NOT NULL,
	"version" integer NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"by" text NOT NULL,
	"operation_id" text NOT NULL,
	CONSTRAINT "model_aliases_model_environment_alias_since_pk" PRIMARY KEY("model","environment","alias","since")
);
--> statement-breakpoint
CREATE TABLE "model_versions" (
	"model" text NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"operation_id" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"metrics" jsonb NOT NULL,
	"comparison" jsonb NOT NULL,
	"description" text NOT NULL,
	"digest" text NOT NULL,
	CONSTRAINT "model_versions_model_version_pk" PRIMARY KEY("model","version")
);
--> statement-breakpoint
CREATE TABLE "posts" (
	"key" text PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"channel" text NOT NULL,
	"kind" text NOT NULL,
	"subject" bigint NOT NULL,
	"thread_of" text,
	"desired_revision" integer NOT NULL,
	"posted_revision" integer DEFAULT 0 NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"ref" jsonb,
	"attempts" integer DEFAULT 0 NOT NULL,
	"attempted_at" timestamp (3) with time zone,
	"not_before" timestamp (3) with time zone,
	"problem" text,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "replicas" (
	"id" text PRIMARY KEY NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"version" text DEFAULT '' NOT NULL,
	"worker_pool" text
);
--> statement-breakpoint
CREATE TABLE "requests" (
	"key" text PRIMARY KEY NOT NULL,
	"request" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"outcome" text,
	"done_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "rollouts" (
	"id" serial PRIMARY KEY NOT NULL,
	"operation_id" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"environment" text NOT NULL,
	"from_version" text,
	"to_version" text,
	"reason" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_in" text,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"incident_id" integer,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"plan" jsonb NOT NULL,
	"plan_hash" text NOT NULL,
	"approvals_needed" integer NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"external_ref" jsonb,
	"progress" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"result" text,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"audit_seq" bigint,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "rollouts_operation_id_unique" UNIQUE("operation_id")
);
--> statement-breakpoint
CREATE TABLE "rulings" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"feedback_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"left_keys" jsonb NOT NULL,
	"right_keys" jsonb NOT NULL,
	"keep" integer,
	"at" timestamp (3) with time zone NOT NULL,
	"carried_out_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "silences" (
	"id" serial PRIMARY KEY NOT NULL,
	"matchers" jsonb NOT NULL,
	"reason" text NOT NULL,
	"created_by" text NOT NULL,
	"created_in" text,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"matched_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "timeline" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"incident_id" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"actor" text NOT NULL,
	"text" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"is_posted" boolean DEFAULT true NOT NULL
);
--> statement-breakpoint
CREATE TABLE "token_spend" (
	"day" text NOT NULL,
	"incident_id" integer NOT NULL,
	"tokens" integer NOT NULL,
	CONSTRAINT "token_spend_day_incident_id_pk" PRIMARY KEY("day","incident_id")
);
--> statement-breakpoint
CREATE TABLE "topologies" (
	"source" text PRIMARY KEY NOT NULL,
	"edges" jsonb NOT NULL,
	"services" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "alerts_incident" ON "alerts" USING btree ("incident_id");--> statement-breakpoint
CREATE INDEX "alerts_firing" ON "alerts" USING btree ("starts_at") WHERE status = 'firing';--> statement-breakpoint
CREATE INDEX "alerts_starts_at" ON "alerts" USING btree ("starts_at");--> statement-breakpoint
CREATE INDEX "alerts_part_of" ON "alerts" USING btree ("part_of") WHERE part_of is not null;--> statement-breakpoint
CREATE INDEX "audit_subject" ON "audit" USING btree ("subject");--> statement-breakpoint
CREATE INDEX "audit_at" ON "audit" USING btree ("at");--> statement-breakpoint
CREATE INDEX "changes_at" ON "changes" USING btree ("at");--> statement-breakpoint
CREATE INDEX "co_firing_counts_day" ON "co_firing_counts" USING btree ("day");--> statement-breakpoint
CREATE INDEX "console_messages_channel" ON "console_messages" USING btree ("channel","id");--> statement-breakpoint
CREATE INDEX "console_messages_thread" ON "console_messages" USING btree ("thread_of","id");--> statement-breakpoint
CREATE INDEX "console_messages_audience" ON "console_messages" USING btree ("audience","id") WHERE audience is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "console_messages_revision" ON "console_messages" USING btree ("revision");--> statement-breakpoint
CREATE INDEX "deliveries_received_at" ON "deliveries" USING btree ("received_at");--> statement-breakpoint
CREATE UNIQUE INDEX "digest_runs_claim" ON "digest_runs" USING btree ("name","slot","channel");--> statement-breakpoint
CREATE UNIQUE INDEX "evidence_subject" ON "evidence" USING btree ("incident_id","kind","subject");--> statement-breakpoint
CREATE INDEX "feedback_incident" ON "feedback" USING btree ("incident_id","id");--> statement-breakpoint
CREATE INDEX "incidents_state" ON "incidents" USING btree ("state","opened_at");--> statement-breakpoint
CREATE INDEX "incidents_updated_at" ON "incidents" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "incidents_parent" ON "incidents" USING btree ("parent_id") WHERE parent_id is not null;--> statement-breakpoint
CREATE INDEX "posts_subject" ON "posts" USING btree ("kind","subject");--> statement-breakpoint
CREATE INDEX "posts_behind" ON "posts" USING btree ("platform","channel","created_at") WHERE posted_revision < desired_revision and state <> 'refused';--> statement-breakpoint
CREATE INDEX "requests_received_at" ON "requests" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "rollouts_state" ON "rollouts" USING btree ("state");--> statement-breakpoint
CREATE INDEX "rollouts_model" ON "rollouts" USING btree ("model","environment","requested_at");--> statement-breakpoint
CREATE INDEX "rulings_waiting" ON "rulings" USING btree ("id") WHERE carried_out_at is null;--> statement-breakpoint
CREATE INDEX "timeline_incident" ON "timeline" USING btree ("incident_id","id");