import { describe, expect, test } from "vitest";
import {
  type AlertTimeline,
  alertTimeline,
  alertTimelineAlt,
  maxRows,
} from "../../../src/domain/alert/timeline.ts";
import type { TrackedAlert } from "../../../src/domain/alert/tracked.ts";
import type { Alert } from "../../../src/domain/alert.ts";
import type { Change } from "../../../src/domain/change.ts";
import { at, buildTracked } from "../build.ts";

function fired(
  service: string | null,
  from: number,
  to: number | null,
  given: Partial<Alert> = {},
): TrackedAlert {
  const times = { startsAt: at(from), endsAt: to === null ? null : at(to) };
  return buildTracked({ service, name: `${service}-${from}`, ...times, ...given });
}

function changeAt(minutes: number, title: string): Change {
  const own = { id: `deploy:${title}`, kind: "deploy", service: "db", title, at: at(minutes) } as const;
  return { ...own, text: "", author: null, url: null, rolloutId: null };
}

function timelineOf(
  alerts: readonly TrackedAlert[],
  changes: Parameters<typeof alertTimeline>[1]["changes"] = [],
) {
  const timeline = alertTimeline(alerts, { now: at(60), changes });
  if (timeline === null) throw new Error("there is something to draw");
  return timeline;
}

const spansOf = (timeline: AlertTimeline) =>
  timeline.rows.map(({ service, spans }) => [
    service,
    ...spans.map(([from, to]) => `${(from - at(0).getTime()) / 60_000}-${(to - at(0).getTime()) / 60_000}`),
  ]);

test("services come by their first alert, each with the stretches in which one fired", () => {
  const alerts = [fired("web", 10, 20), fired("db", 0, 30), fired("web", 15, 25), fired("web", 40, 50)];
  expect(spansOf(timelineOf(alerts))).toEqual([
    ["db", "0-30"],
    ["web", "10-25", "40-50"],
  ]);
});

test("what fires still reaches to now, and says so", () => {
  const timeline = timelineOf([fired("db", 0, null, { severity: "critical" }), fired("db", 5, 10)]);
  expect(spansOf(timeline)).toEqual([["db", "0-60"]]);
  expect(alertTimelineAlt(timeline)).toContain("db: 2 alerts, critical, since 10:00 UTC.");
});

test("gaps too small to see are closed, so that flapping stays bounded", () => {
  const alerts = Array.from({ length: 500 }, (_, index) => fired("db", index * 0.1, index * 0.1 + 0.05));
  expect(timelineOf(alerts).rows[0]?.spans.length).toBeLessThanOrEqual(61);
});

test("changes in the window are marked, those of its services first", () => {
  const changes = [changeAt(-2, "db 2"), changeAt(-600, "long before")];
  const timeline = timelineOf([fired("db", 0, 30), fired("web", 1, 30)], changes);
  expect(timeline.markers.map(({ label }) => label)).toEqual(["deploy of db: db 2"]);
  expect(alertTimelineAlt(timeline)).toContain("Changes: A: 09:58 UTC, deploy of db: db 2.");
});

describe("bounds", () => {
  test("a single alert is no picture", () => {
    expect(alertTimeline([fired("db", 0, 5)], { now: at(60), changes: [] })).toBeNull();
  });

  test("services beyond the rows are counted", () => {
    const timeline = timelineOf(Array.from({ length: 30 }, (_, index) => fired(`s${index}`, index, 50)));
    expect(timeline.rows).toHaveLength(maxRows);
    expect(alertTimelineAlt(timeline)).toContain(`${30 - maxRows} more services.`);
  });

  test("an alert without a service has a row too, and one that ended before it began is a moment", () => {
    const timeline = timelineOf([fired(null, 5, 3), fired("db", 0, 9)]);
    expect(spansOf(timeline)).toEqual([
      ["db", "0-9"],
      ["no service", "5-5"],
    ]);
  });
});

test("the pods of one service share a row (issue 3)", () => {
  const pods = ["checkout-7d9f8b6c5d-x2k4q", "checkout-7d9f8b6c5d-zz9pl"];
  const alerts = pods.map((pod, index) => fired(pod, index * 20, index * 20 + 10, { labels: { pod } }));
  expect(spansOf(timelineOf(alerts))).toEqual([["checkout", "0-10", "20-30"]]);
});
