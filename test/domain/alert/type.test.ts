import { describe, expect, test } from "vitest";
import { createAlertTypes, isGenericName, stableTypeOf } from "../../../src/domain/alert/type.ts";
import { fingerprint } from "../../../src/domain/alert.ts";

function alert(labels: Record<string, string>, name = "HighLatency", summary = "") {
  return { labels, name, summary, fingerprint: fingerprint(labels) };
}

describe("the type by labels", () => {
  test("is the fingerprint when nothing in them passes", () => {
    const stable = alert({ alertname: "HighLatency", service: "cart", namespace: "shop", disk: "sda1" });
    expect(stableTypeOf(stable)).toBe(stable.fingerprint);
  });

  test.each([
    [{ pod: "cart-7d4b9c6f5d-x2x9k" }, { pod: "cart-6c9f8b7d4f-q8w2z" }],
    [{ trace_id: "a" }, { trace_id: "b" }],
    [{ run: "123e4567-e89b-12d3-a456-426614174000" }, { run: "123e4567-e89b-12d3-a456-426614174999" }],
    [{ image: "4bf92f3577b34da6a3" }, { image: "0a3ce929d0e0e4736c" }],
  ])("%j and %j are of one type", (a, b) => {
    expect(stableTypeOf(alert({ service: "cart", ...a }))).toBe(
      stableTypeOf(alert({ service: "cart", ...b })),
    );
  });

  test.each([
    [{ pod: "cart-7d4b9c6f5d-x2x9k" }, { pod: "mail-7d4b9c6f5d-x2x9k" }],
    [{ instance: "10.0.0.1:9100" }, { instance: "10.0.0.2:9100" }],
    [{ status: "500" }, { status: "404" }],
    [{ device: "nvme0n1" }, { device: "nvme1n1" }],
  ])("%j and %j are not", (a, b) => {
    expect(stableTypeOf(alert(a))).not.toBe(stableTypeOf(alert(b)));
  });
});

describe("an alert whose name says nothing is told by its message", () => {
  const types = createAlertTypes(100);
  const typeOf = (name: string, summary: string) => types.typeOf(alert({ service: "cart" }, name, summary));

  test("same message but for names and numbers, same type", () => {
    expect(typeOf("Error", "login of alice failed after 3 tries")).toBe(
      typeOf("Error", "login of bob failed after 12 tries"),
    );
  });

  test("another message, another type", () => {
    expect(typeOf("Error", "disk of cart is full")).not.toBe(
      typeOf("Error", "login of carol failed after 1 try"),
    );
  });

  test("a name that says something is enough", () => {
    expect(typeOf("DiskFull", "disk of cart is 93% full")).toBe(typeOf("DiskFull", "something else"));
  });
});

test.each([
  ["Error", true],
  ["LogAlert", true],
  ["error_event", true],
  ["HighErrorRate", false],
  ["DiskFull", false],
  ["", false],
])("that %s says nothing is %s", (name, isGeneric) => {
  expect(isGenericName(name)).toBe(isGeneric);
});
