/** Recorded deliveries of other tools, read where they lie; they are not ours to keep here. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import alertmanager from "../../../src/adapters/sources/alertmanager.ts";
import generic from "../../../src/adapters/sources/generic.ts";
import grafana from "../../../src/adapters/sources/grafana.ts";
import { parseDelivery } from "../../../src/app/parse-delivery.ts";
import type { ParseResult, Source } from "../../../src/ports/source.ts";

const folder = path.resolve(import.meta.dirname, "../../../../shared/payloads");
const isThere = existsSync(folder);
if (!isThere) console.log(`recorded payloads: skipped, ${folder} does not exist`);

function parse(source: Source, file: string, settings?: unknown): ParseResult {
  const body = readFileSync(path.join(folder, `${file}.json`));
  const delivery = { body, headers: {}, receivedAt: new Date("2026-06-01T12:45:00Z") };
  return parseDelivery({ name: source.name, source, secrets: [], settings }, delivery);
}

function alertsOf(result: ParseResult) {
  if (result.kind === "unparseable") throw new Error(result.problem);
  return result.delivery.alerts;
}

describe.skipIf(!isThere)("recorded payloads", () => {
  test("Alertmanager of 2017", () => {
    expect(alertsOf(parse(alertmanager, "alertmanager-1"))).toMatchObject([
      {
        externalId: null,
        name: "thing_dead",
        status: "firing",
        severity: "critical",
        summary: "No things for over 10 minutes",
        startsAt: new Date("2017-08-03T19:17:37.804Z"),
        endsAt: null,
      },
    ]);
  });

  test("an answer of Alertmanager's API is not a webhook, and is told so", () => {
    const result = parse(alertmanager, "alertmanager-apiv2-groups-1");
    expect(result).toMatchObject({
      kind: "unparseable",
      problem: expect.stringContaining("/api/v2/alerts/groups"),
    });
  });

  test("Grafana 12", () => {
    expect(alertsOf(parse(grafana, "grafana-2"))).toMatchObject([
      {
        externalId: "c4edaaf9f9f839b0",
        name: "TestAlert",
        service: "Grafana",
        summary: "TEST",
        annotations: { values: "B=22, C=1" },
        url: "https://grafana.example.com/d/dashboard_uid?viewPanel=1",
        startsAt: new Date("2026-05-05T13:04:57.622Z"),
        endsAt: null,
      },
    ]);
  });

  test.each(["grafana-legacy-1", "grafana-legacy-2"])(
    "%s: refused, and read by the mapping that is proposed",
    (file) => {
      expect(parse(grafana, file)).toMatchObject({
        kind: "unparseable",
        remedy: expect.stringContaining("name: ruleName"),
      });
      const settings = {
        name: "ruleName",
        status: "state",
        firing: ["alerting", "no_data"],
        resolved: ["ok"],
        url: "ruleUrl",
      };
      expect(alertsOf(parse(generic, file, settings))).toMatchObject([
        { name: "Zeta CPU alert", status: file.endsWith("1") ? "firing" : "resolved" },
      ]);
    },
  );

  test("Pingdom", () => {
    const settings = {
      name: "check_name",
      id: "check_id",
      status: "current_state",
      firing: ["DOWN"],
      resolved: ["UP"],
      service: "check_params.hostname",
      severity: "importance_level",
      summary: "long_description",
      changedAt: "state_changed_timestamp",
      url: "check_params.full_url",
      labels: { probe: "first_probe.location" },
    };
    expect(alertsOf(parse(generic, "pingdom-1", settings))).toMatchObject([
      {
        externalId: "803318",
        service: "api.alerta.io",
        severity: "high",
        status: "firing",
        startsAt: new Date("2017-06-30T22:25:43Z"),
        labels: { probe: "Strasbourg 5, France" },
      },
    ]);
  });

  test("New Relic", () => {
    const settings = {
      name: "alertConditionNames.0",
      id: "id",
      status: "state",
      firing: ["CREATED", "ACTIVATED"],
      resolved: ["CLOSED"],
      service: "impactedEntities[0]",
      severity: "priority",
      summary: "title",
      startsAt: "createdAt",
      url: "issueUrl",
    };
    expect(alertsOf(parse(generic, "newrelic-1", settings))).toMatchObject([
      {
        name: "Zulip Server Low Storage",
        service: "zulip_app",
        severity: "critical",
        status: "firing",
        startsAt: new Date(1_713_755_131_352),
      },
    ]);
  });

  test("Opsgenie, whose nanoseconds JavaScript cannot hold", () => {
    const settings = {
      name: "alert.message",
      id: "alert.alertId",
      status: "action",
      resolved: ["Close"],
      service: "alert.entity",
      severity: { path: "alert.priority", map: { "3": "high" } },
      startsAt: "alert.createdAt",
      labels: { inserted: "alert.insertedAt", team: '"on call"' },
    };
    expect(alertsOf(parse(generic, "opsgenie-1", settings))).toMatchObject([
      {
        status: "firing",
        severity: "high",
        startsAt: new Date(1_502_709_956_288),
        labels: { inserted: "1502709956288000110", team: "on call" },
      },
    ]);
    const byNanoseconds = { ...settings, startsAt: "alert.updatedAt" };
    expect(alertsOf(parse(generic, "opsgenie-1", byNanoseconds))[0]?.startsAt).toEqual(
      new Date(1_502_709_956_288),
    );
  });

  test.each([
    ["gcp-monitoring-1", "firing", null],
    ["gcp-monitoring-2", "resolved", new Date(1_499_368_836_000)],
  ])("Google Cloud Monitoring: %s is %s", (file, status, endsAt) => {
    const settings = {
      name: "incident.policy_name",
      id: "incident.incident_id",
      status: "incident.state",
      firing: ["open"],
      resolved: ["closed"],
      service: "incident.resource_name",
      summary: "incident.summary",
      startsAt: "incident.started_at",
      endsAt: "incident.ended_at",
      url: "incident.url",
    };
    expect(alertsOf(parse(generic, file, settings))).toMatchObject([
      {
        name: "Webserver Health",
        status,
        service: "webserver-85",
        startsAt: new Date(1_499_368_214_000),
        endsAt,
      },
    ]);
  });

  test("Zabbix", () => {
    const settings = {
      name: "trigger",
      status: "status",
      firing: ["PROBLEM"],
      resolved: ["OK", "RESOLVED"],
      service: "hostname",
      severity: "severity",
      summary: "item",
      url: "link",
    };
    expect(alertsOf(parse(generic, "zabbix-1", settings))).toMatchObject([
      { service: "www.example.com", severity: "warning", status: "firing", isStartGuessed: true },
    ]);
  });

  test.each<[string, object, object]>([
    [
      "pagerduty-v3-1",
      {
        name: "event.data.title",
        id: "event.data.id",
        status: "event.event_type",
        resolved: ["incident.resolved"],
        service: "event.data.service.summary",
        severity: "event.data.urgency",
        startsAt: "event.occurred_at",
        url: "event.data.html_url",
      },
      {
        name: "Test Incident 3",
        service: "pig208",
        severity: "high",
        startsAt: new Date("2021-06-04T13:35:29.781Z"),
      },
    ],
    [
      "sentry-2",
      {
        name: "data.issue.title",
        id: "data.issue.id",
        status: "action",
        resolved: ["resolved"],
        service: "data.issue.project.slug",
        severity: "data.issue.level",
        startsAt: "data.issue.firstSeen",
      },
      { status: "resolved", service: "zulip-integration-testing", severity: "high" },
    ],
    [
      "splunk-1",
      {
        name: "search_name",
        id: "sid",
        service: "result.host",
        summary: "result._raw",
        startsAt: "result._time",
      },
      { name: "sudo", service: "myserver", startsAt: new Date(1_483_557_272_000) },
    ],
  ])("%s", (file, settings, alert) => {
    expect(alertsOf(parse(generic, file, settings))).toMatchObject([alert]);
  });

  test("a mapping that does not fit says which path, and what is there instead", () => {
    expect(parse(generic, "pingdom-1", { name: "check.name" })).toMatchObject({
      kind: "unparseable",
      problem: expect.stringMatching(
        /"check\.name": there is no "check" in the body, which has second_probe, .*check_name/,
      ),
    });
  });
});
