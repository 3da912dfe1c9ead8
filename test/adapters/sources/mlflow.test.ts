import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import mlflow from "../../../src/adapters/sources/mlflow.ts";
import type { RawDelivery } from "../../../src/ports/source.ts";

const receivedAt = new Date("2026-03-01T12:45:00.000Z");
const delivery: RawDelivery = { body: new Uint8Array(), headers: {}, receivedAt };
const timestamp = "2026-03-01T12:44:58.123456+00:00";

function changesOf(entity: string, action: string, data: unknown, settings?: unknown) {
  const result = mlflow.parse({ entity, action, timestamp, data }, delivery, settings);
  if (result.kind !== "parsed") throw new Error(result.problem);
  return result.delivery.changes;
}

describe("an alias that was moved", () => {
  const data = { name: "fraud-scorer", alias: "champion", version: "7" };

  test("is a deploy of the model's service", () => {
    const [change] = changesOf("model_version_alias", "created", data, {
      services: { "fraud-scorer": "fraud-api" },
    });
    expect(change).toMatchObject({
      kind: "deploy",
      service: "fraud-api",
      title: "fraud-scorer: alias champion points to version 7",
      author: null,
      at: new Date("2026-03-01T12:44:58.123Z"),
      rolloutId: null,
    });
    expect(changesOf("model_version_alias", "created", data)[0]?.service).toBe("fraud-scorer");
  });

  test("is one change however often it is sent, and another one later", () => {
    const [first] = changesOf("model_version_alias", "created", data);
    expect(changesOf("model_version_alias", "created", data)[0]?.id).toBe(first?.id);
    const later = mlflow.parse(
      { entity: "model_version_alias", action: "created", timestamp: "2026-03-01T12:44:59Z", data },
      delivery,
      undefined,
    );
    expect(later.kind === "parsed" && later.delivery.changes[0]?.id).not.toBe(first?.id);
  });

  test.each([
    ["previous", undefined, 0],
    ["previous-staging", undefined, 0],
    ["previously", undefined, 1],
    ["canary", undefined, 1],
    ["canary", ["champion"], 0],
    ["previous", ["previous"], 1],
  ])("named %s, with %o watched, gives %d changes", (alias, aliases, count) => {
    const settings = aliases === undefined ? undefined : { aliases };
    expect(changesOf("model_version_alias", "created", { ...data, alias }, settings)).toHaveLength(count);
  });
});

test("events that change nothing that serves are taken and give no change", () => {
  expect(changesOf("model_version_tag", "set", { name: "m", version: "1", key: "a", value: "b" })).toEqual(
    [],
  );
  expect(changesOf("registered_model", "created", { name: "m" })).toEqual([]);
  expect(changesOf("budget_policy", "exceeded", {})).toEqual([]);
});

test("an event that lacks what it is about is refused with what is missing", () => {
  const body = { entity: "model_version_alias", action: "created", timestamp, data: { name: "m" } };
  expect(mlflow.parse(body, delivery, undefined)).toMatchObject({
    kind: "unparseable",
    problem: expect.stringContaining('"data" must name name and alias'),
  });
});

test("settings that are wrong say which", () => {
  expect(mlflow.settingsProblem?.({ services: { m: 3 } })).toContain("services.m");
  expect(mlflow.settingsProblem?.({ service: {} })).toContain("expected services");
  expect(mlflow.settingsProblem?.(undefined)).toBeNull();
});

describe("the signature", () => {
  const body = Buffer.from('{"entity": "model_version"}');
  const seconds = String(receivedAt.getTime() / 1000);
  const signature = `v1,${createHmac("sha256", "s3cret").update(`d-1.${seconds}.${body}`).digest("base64")}`;
  const headers = {
    "x-mlflow-signature": signature,
    "x-mlflow-timestamp": seconds,
    "x-mlflow-delivery-id": "d-1",
  };
  const isSigned = (over: Partial<RawDelivery>, secret = "s3cret") =>
    mlflow.hmac?.isSigned({ body, headers, receivedAt, ...over }, secret);

  test("covers id, time and body, and holds for five minutes", () => {
    expect(isSigned({})).toBe(true);
    expect(isSigned({}, "other")).toBe(false);
    expect(isSigned({ body: Buffer.from("{}") })).toBe(false);
    expect(isSigned({ headers: { ...headers, "x-mlflow-delivery-id": "d-2" } })).toBe(false);
    expect(isSigned({ receivedAt: new Date(receivedAt.getTime() + 301_000) })).toBe(false);
    for (const name of Object.keys(headers))
      expect([name, isSigned({ headers: { ...headers, [name]: "" } })]).toEqual([name, false]);
  });
});
