import { expect, test } from "vitest";
import type { RegisteredVersion } from "../../../../src/adapters/models/mlflow/registry.ts";
import { toVersion, unfitness } from "../../../../src/adapters/models/mlflow/versions.ts";

const version: RegisteredVersion = {
  version: "7",
  user_id: "",
  description: "",
  source: "",
  run_id: "",
  status: "READY",
  status_message: "",
  tags: new Map(),
};
const validation = { tag: "validation_status", value: "approved", required: false };

test.each<[string, Partial<RegisteredVersion>, string | null, string]>([
  ["ready", {}, null, ""],
  ["still being registered", { status: "PENDING_REGISTRATION" }, "not_ready", "Wait until it is registered."],
  [
    "not registered",
    { status: "FAILED_REGISTRATION", status_message: "upload failed" },
    "not_ready",
    "Register it again.",
  ],
  ["of a state that is not known", { status: "DELETING" }, "not_ready", "Register it again."],
  ["rejected", { tags: new Map([["validation_status", "rejected"]]) }, "not_validated", "Validate it"],
])("a version that is %s", (_name, over, reason, remedy) => {
  const unfit = unfitness({ ...version, ...over }, "scorer", validation);
  expect(unfit?.reason ?? null).toBe(reason);
  if (unfit !== null) expect(`${unfit.problem} ${unfit.remedy}`).toContain(remedy);
});

test("the tags of a version are told, for gates that ask for them", () => {
  const tags = new Map([["validation_status", "approved"]]);
  expect(toVersion({ ...version, tags }, null).tags).toEqual({ validation_status: "approved" });
});
