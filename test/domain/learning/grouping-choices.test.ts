import { describe, expect, test } from "vitest";
import { chooseAlerts } from "../../../src/domain/alert/choice.ts";
import {
  groupingActions,
  incidentLabel,
  likelyOthers,
  moveChoices,
  splitChoices,
} from "../../../src/domain/learning/grouping-choices.ts";
import { choiceView, maxChoices } from "../../../src/domain/view/choice-view.ts";
import { buildIncident, buildTracked } from "../build.ts";

const alert = (name: string, service: string, at = "0") =>
  buildTracked({ name, service, labels: { alertname: name, service, at } });

describe("the buttons that begin a correction", () => {
  test.each([
    [1, null, ["merge 12"]],
    [3, null, ["merge 12", "split 12", "move --from 12"]],
    [3, 14, []],
  ])("of an incident with %i alerts that went into %s", (alertCount, mergedInto, commands) => {
    const incident = buildIncident({ id: 12, alertCount, mergedInto });
    expect(groupingActions(incident).map(({ command }) => command)).toEqual(commands);
  });
});

test("other incidents come with shared services first, then the nearest in time", () => {
  const at = (id: number, minutes: number, ...services: string[]) =>
    buildIncident({ id, services, startedAt: new Date(Date.UTC(2026, 2, 1, 12, minutes)) });
  const own = at(12, 0, "api", "db");
  const others = [own, at(9, 1, "mail"), at(10, 50, "db"), at(11, 30, "mail")];
  expect(likelyOthers(own, others).map(({ id }) => id)).toEqual([10, 9, 11]);
});

test("an incident is offered with its number, severity and title on one line", () => {
  const label = incidentLabel(buildIncident({ id: 7, severity: "critical", title: "Checkout\nfails" }));
  expect(label).toBe("7 · critical · Checkout fails");
});

test("the pods of one service leave together under its name (issue 3)", () => {
  const pods = ["checkout-7d9f8b6c5d-x2k4q", "checkout-7d9f8b6c5d-zz9pl"];
  const alerts = [
    ...pods.map((pod) => buildTracked({ name: "Crash", service: pod, labels: { pod } })),
    alert("Full", "db"),
  ];
  expect(splitChoices(12, alerts).map(({ label }) => label)).toContain("checkout (2 alerts)");
});

describe("what can be split off", () => {
  const alerts = [
    alert("Down", "api", "1"),
    alert("Slow", "api", "2"),
    alert("Slow", "db", "3"),
    alert("Full", "db", "4"),
    alert("Slow", "db", "5"),
  ];

  test("is every set of one service or one name, and each alert, none twice", () => {
    expect(splitChoices(12, alerts).map(({ label }) => label)).toEqual([
      "db (3 alerts)",
      "api (2 alerts)",
      "Slow (3 alerts)",
      "Down on api",
      "Slow on api",
      "Slow on db (2 alerts)",
      "Full on db",
    ]);
  });

  test("is never all", () => {
    const same = [alert("Slow", "db", "1"), alert("Slow", "db", "2")];
    expect(splitChoices(12, same)).toEqual([]);
  });

  test("names the firings of one alert once", () => {
    const again = { ...alerts[0], key: `${alerts[0]?.alert.fingerprint}/2026-03-01T13:00:00.000Z` };
    const twice = splitChoices(12, [...alerts.slice(0, 3), buildTracked(again.alert, { key: again.key })]);
    const down = twice.find(({ label }) => label === "Down (2 alerts)");
    expect(down?.command).toBe(`split 12 ${alerts[0]?.key.slice(0, 16)}`);
  });

  test("is what the command then takes", () => {
    for (const { label, command } of splitChoices(12, alerts)) {
      const chosen = chooseAlerts(command.replace("split 12 ", ""), alerts);
      const count = Number(/\((\d+) alerts\)$/.exec(label)?.[1] ?? 1);
      expect([label, chosen.kind === "chosen" && chosen.alerts.length]).toEqual([label, count]);
    }
  });

  test("leaves out names that a list would take apart, when their keys do not fit a button", () => {
    const many = Array.from({ length: 7 }, (_, at) => alert("Slow, again", "db", String(at)));
    const labels = splitChoices(12, [...many, alert("Down", "db")]).map(({ label }) => label);
    expect(labels).not.toContain("Slow, again (7 alerts)");
    expect(labels).toContain("Down on db");
  });
});

test("an alert that fired twice is moved once", () => {
  const twice = alert("Down", "api");
  const again = { ...twice, key: `${twice.alert.fingerprint}/2026-03-01T13:00:00.000Z` };
  expect(moveChoices(12, [twice, again])).toHaveLength(1);
});

describe("a question with buttons", () => {
  const choices = Array.from({ length: 30 }, (_, at) => ({
    label: `${at} <!here>`,
    command: `merge 1 ${at}`,
  }));

  test("shows the likeliest and counts the rest", () => {
    const view = choiceView("Which?", choices, "Any other: /merge 1 NUMBER.");
    expect(view.actions).toHaveLength(maxChoices);
    expect(JSON.stringify(view.blocks)).toContain("10 more are not shown. Any other: /merge 1 NUMBER.");
  });

  test("leaves out what a button cannot carry whole, and counts it", () => {
    const view = choiceView("Which?", [{ label: "long", command: `split 1 ${"x".repeat(100)}` }], "Type it.");
    expect(view.actions).toEqual([]);
    expect(JSON.stringify(view.blocks)).toContain("1 more is not shown. Type it.");
  });
});
