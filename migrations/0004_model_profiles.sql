CREATE TABLE "model_profiles" (
	"model" text NOT NULL,
	"environment" text NOT NULL,
	"slot" timestamp (3) with time zone NOT NULL,
	"profile" jsonb NOT NULL,
	"pushes" jsonb NOT NULL,
	"is_complete" boolean NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "model_profiles_model_environment_slot_pk" PRIMARY KEY("model","environment","slot")
);
