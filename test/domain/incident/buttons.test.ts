import { describe, expect, test } from "vitest";
import { incidentView } from "../../../src/domain/incident/view.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import { at, buildIncident } from "../build.ts";

const nameOf = (person: string) => (person === "ada" ? "Ada Okafor" : person);
const withAda = { assignedTo: "ada", assignedAt: at(2) } as const;

function buttons(incident: Partial<Incident>) {
  const shown = buildIncident({ id: 12, ...incident });
  return incidentView({ incident: shown, alerts: [], explanation: null, nameOf }).actions;
}

describe("what the card of an incident lets people do", () => {
  test.each<[string, Partial<Incident>, readonly string[]]>([
    ["nobody has seen", {}, ["Acknowledge", "Take", "Resolve…", "Why"]],
    ["is seen and nobody's", { state: "acknowledged" }, ["Take", "Resolve…", "Why"]],
    ["is somebody's", { state: "acknowledged", ...withAda }, ["Resolve…", "Why", "Take over"]],
    ["waits for whom it was given to", withAda, ["Acknowledge", "Resolve…", "Why", "Take over"]],
    ["is over", { state: "resolved", resolvedAt: at(5), resolvedBy: "ada", ...withAda }, ["Why", "Reopen"]],
  ])("one that %s", (_, incident, labels) => {
    expect(buttons(incident).map(({ label }) => label)).toEqual(labels);
  });

  test("taking says whom the card showed, and asks before it takes something from somebody", () => {
    const [mine] = buttons({}).filter(({ label }) => label === "Take");
    expect(mine).toMatchObject({ command: "assign 12 --from nobody" });
    expect(mine?.confirm).toBeUndefined();
    const [over] = buttons(withAda).filter(({ label }) => label === "Take over");
    expect(over).toMatchObject({
      command: "assign 12 --from ada",
      confirm: "Ada Okafor has incident 12. Take it over? The thread will say so.",
    });
  });

  test("a name too long for a button is left out of its line", () => {
    const [over] = buttons({ assignedTo: "a".repeat(90), assignedAt: at(2) }).filter(
      ({ label }) => label === "Take over",
    );
    expect(over?.command).toBe("assign 12");
  });

  test("resolving opens the form", () => {
    const [resolve] = buttons({}).filter(({ label }) => label === "Resolve…");
    expect(resolve).toMatchObject({ command: "resolve 12", isForm: true });
  });
});
