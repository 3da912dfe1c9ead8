import { expect, test } from "vitest";
import { isSameSender, sendersOf } from "../../../src/domain/noise/sender.ts";

test("a source is what its parser reads, whatever its name (issue 3)", () => {
  const source = (name: string, use = name) => ({ name, source: { name: use } });
  const named = [
    ...[
      source("alertmanager", "generic"),
      source("alertmanager-eu", "alertmanager"),
      source("graf", "grafana"),
    ],
    ...[source("generic"), source("zabbix", "generic")],
  ];
  expect(sendersOf(named)).toEqual({ "alertmanager-eu": "alertmanager", graf: "grafana" });
});

test("all Alertmanagers are one sender, other sources each their own", () => {
  const [eu, us] = (["eu", "us"] as const).map((source) => ({ source, sender: "alertmanager" as const }));
  const [zabbix, nagios] = (["zabbix", "nagios"] as const).map((source) => ({
    source,
    sender: "other" as const,
  }));
  if (!eu || !us || !zabbix || !nagios) throw new Error("four of them");
  expect([isSameSender(eu, us), isSameSender(zabbix, nagios), isSameSender(zabbix, eu)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(isSameSender(zabbix, { ...zabbix })).toBe(true);
});
