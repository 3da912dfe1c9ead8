import { describe, expect, test } from "vitest";
import { alertNames, chooseAlerts } from "../../../src/domain/alert/choice.ts";
import { buildTracked } from "../build.ts";

const latency = buildTracked({ name: "HighLatency", service: "api" });
const errors = buildTracked({ name: "HighErrorRate", service: "api" });
const disk = buildTracked({ name: "Disk full", service: "db" });
const alerts = [latency, errors, disk];

describe("choosing alerts by words", () => {
  test.each([
    ["a name", "HighLatency", [latency]],
    ["a name in other letters", "highlatency", [latency]],
    ["a service takes all of its alerts", "api", [latency, errors]],
    ["name and service", "HighErrorRate on api", [errors]],
    ["several words", "HighLatency db", [latency, disk]],
    ["a name with a space", "Disk full", [disk]],
    ["names with spaces, by commas", "disk full, HighLatency", [latency, disk]],
    ["the beginning of a key", latency.key.slice(0, 12), [latency]],
    ["the same one twice", "api HighLatency", [latency, errors]],
  ])("%s", (_name, text, expected) => {
    expect(chooseAlerts(text, alerts)).toEqual({ kind: "chosen", alerts: expected });
  });

  test.each([
    ["HighLatncy", "HighLatncy", "HighLatency"],
    ["api xyzzy", "xyzzy", null],
    [latency.key.slice(0, 3), latency.key.slice(0, 3), null],
  ])("%s goes with none, and says what is near", (text, word, near) => {
    expect(chooseAlerts(text, alerts)).toEqual({ kind: "unknown", word, near });
  });
});

test("names are listed once, and counted when there are many", () => {
  expect(alertNames([latency, latency, disk])).toBe("HighLatency on api, Disk full on db");
  expect(alertNames([latency, errors, disk], 2)).toBe("HighLatency on api, HighErrorRate on api and 1 more");
});

test("a service takes the alerts of its pods and ports too, which the incident counts as it (issue 3)", () => {
  const pod = "checkout-7d9f8b6c5d-x2k4q";
  const crash = buildTracked({ name: "KubePodCrashLooping", service: pod, labels: { pod } });
  const errors5xx = buildTracked({ name: "HighErrorRate", service: "checkout" });
  const all = [crash, errors5xx, disk];
  expect(chooseAlerts("checkout", all)).toEqual({ kind: "chosen", alerts: [crash, errors5xx] });
  expect(chooseAlerts(pod, all)).toEqual({ kind: "chosen", alerts: [crash] });
  expect(chooseAlerts("chekout", [crash])).toMatchObject({ kind: "unknown", near: "checkout" });
});
