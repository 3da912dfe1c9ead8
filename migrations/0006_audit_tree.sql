CREATE TABLE "audit_checkpoints" (
	"size" bigint PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"note" text NOT NULL,
	"key" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_erased" (
	"seq" bigint NOT NULL,
	"field" text NOT NULL,
	"by" bigint NOT NULL,
	CONSTRAINT "audit_erased_seq_field_pk" PRIMARY KEY("seq","field")
);
--> statement-breakpoint
CREATE TABLE "audit_nodes" (
	"level" integer NOT NULL,
	"index" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_nodes_level_index_pk" PRIMARY KEY("level","index")
);
--> statement-breakpoint
CREATE TABLE "audit_prunings" (
	"to_seq" bigint PRIMARY KEY NOT NULL,
	"by" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_publications" (
	"destination" text NOT NULL,
	"size" bigint NOT NULL,
	"done_at" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"problem" text,
	CONSTRAINT "audit_publications_destination_size_pk" PRIMARY KEY("destination","size")
);
--> statement-breakpoint
CREATE TABLE "audit_values" (
	"seq" bigint NOT NULL,
	"field" text NOT NULL,
	"salt" text NOT NULL,
	"value" jsonb NOT NULL,
	CONSTRAINT "audit_values_seq_field_pk" PRIMARY KEY("seq","field")
);
--> statement-breakpoint
ALTER TABLE "audit" ALTER COLUMN "actor" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "audit" ADD COLUMN "commitments" jsonb;--> statement-breakpoint
CREATE INDEX "audit_values_actor" ON "audit_values" USING btree ("value") WHERE field = 'actor';
--> statement-breakpoint
INSERT INTO "audit_head" ("id", "seq", "hash") VALUES (1, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
--> statement-breakpoint
-- The head of the chain is locked and moved by the owner of the tables, so that the bot's own role needs no right to
-- update anything of the audit log.
CREATE FUNCTION lock_audit_head() RETURNS audit_head LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE head audit_head;
BEGIN
  SELECT * INTO head FROM audit_head WHERE id = 1 FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'The audit log has no head row: restore table audit_head.';
  END IF;
  RETURN head;
END $$;
--> statement-breakpoint
CREATE FUNCTION move_audit_head() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash
    WHERE id = 1 AND seq = NEW.seq - 1 AND hash = NEW.previous_hash;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'The audit log is append-only: entry % does not follow its head.', NEW.seq
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION lock_audit_head() SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION move_audit_head() SET search_path = %I, pg_temp', current_schema());
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_moves_head AFTER INSERT ON "audit"
  FOR EACH ROW EXECUTE FUNCTION move_audit_head();
--> statement-breakpoint
-- Exactly two acts may remove something, and both are entries themselves: an erasure takes the values that
-- audit_erased names, a pruning whole entries up to a signed checkpoint.
CREATE FUNCTION refuse_audit_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM audit_prunings WHERE to_seq >= OLD.seq) THEN
    RETURN OLD;
  END IF;
  IF TG_TABLE_NAME = 'audit_values' THEN
    IF EXISTS (SELECT FROM audit_erased WHERE seq = OLD.seq AND field = to_jsonb(OLD) ->> 'field') THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'The audit log is append-only: % of entry % is refused.', TG_OP, OLD.seq
    USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE FUNCTION check_audit_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."by" > NEW.seq AND EXISTS (SELECT FROM audit WHERE seq = NEW."by" AND action = 'audit.erased') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'The audit log is append-only: entry % is no erasure of entry %.', NEW."by", NEW.seq
    USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE FUNCTION check_audit_pruning() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."by" > NEW.to_seq
    AND EXISTS (SELECT FROM audit_checkpoints WHERE size = NEW.to_seq)
    AND EXISTS (SELECT FROM audit WHERE seq = NEW."by" AND action = 'audit.pruned') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'The audit log is append-only: entry % is no pruning to a checkpoint at %.', NEW."by", NEW.to_seq
    USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
DROP TRIGGER audit_append_only ON "audit";
--> statement-breakpoint
CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON "audit"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
--> statement-breakpoint
CREATE TRIGGER audit_removal BEFORE DELETE ON "audit"
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_removal();
--> statement-breakpoint
CREATE TRIGGER audit_values_append_only BEFORE UPDATE OR TRUNCATE ON "audit_values"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
--> statement-breakpoint
CREATE TRIGGER audit_values_removal BEFORE DELETE ON "audit_values"
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_removal();
--> statement-breakpoint
CREATE TRIGGER audit_erased_append_only BEFORE UPDATE OR TRUNCATE ON "audit_erased"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
--> statement-breakpoint
CREATE TRIGGER audit_erased_removal BEFORE DELETE ON "audit_erased"
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_removal();
--> statement-breakpoint
CREATE TRIGGER audit_erased_by BEFORE INSERT ON "audit_erased"
  FOR EACH ROW EXECUTE FUNCTION check_audit_erasure();
--> statement-breakpoint
CREATE TRIGGER audit_prunings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_prunings"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
--> statement-breakpoint
CREATE TRIGGER audit_prunings_by BEFORE INSERT ON "audit_prunings"
  FOR EACH ROW EXECUTE FUNCTION check_audit_pruning();
--> statement-breakpoint
CREATE TRIGGER audit_nodes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_nodes"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
--> statement-breakpoint
CREATE TRIGGER audit_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_checkpoints"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
