import { expect, test } from "vitest";
import { settleStarts } from "../../src/app/settle-starts.ts";
import { createMemory } from "../../src/app/triage/memory.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { at, buildAlert } from "../domain/build.ts";
import { takeReports } from "./take.ts";

const guessed = { service: "api", isStartGuessed: true } as const;
const none = () => undefined;
const startsOf = (alerts: readonly ReturnType<typeof buildAlert>[]) =>
  settleStarts(
    alerts.map((alert) => ({ alert })),
    none,
  ).map(({ alert }) => alert.startsAt);

test("reports whose sender names the start are left as they are", () => {
  const reports = [{ alert: buildAlert({ startsAt: at(0) }) }, { alert: buildAlert({ startsAt: at(5) }) }];
  expect(settleStarts(reports, none)).toBe(reports);
});

test("repeats and the end of one firing share its start; what fires after the end is another", () => {
  expect(
    startsOf([
      buildAlert({ ...guessed, startsAt: at(0) }),
      buildAlert({ ...guessed, startsAt: at(2) }),
      buildAlert({ ...guessed, status: "resolved", startsAt: at(3), endsAt: at(3) }),
      buildAlert({ ...guessed, status: "resolved", startsAt: at(4), endsAt: at(4) }),
      buildAlert({ ...guessed, startsAt: at(6) }),
    ]),
  ).toEqual([at(0), at(0), at(0), at(0), at(6)]);
});

test("an end without a start belongs to a firing with one", () => {
  const firing = buildAlert({ service: "api", startsAt: at(1) });
  const ended = buildAlert({ ...guessed, status: "resolved", startsAt: at(4), endsAt: at(4) });
  expect(startsOf([firing, ended])).toEqual([at(1), at(1)]);
});

test("another fingerprint is another alert, and an end that nothing is known of stays as it is", () => {
  const api = buildAlert({ ...guessed, startsAt: at(0) });
  const db = buildAlert({ ...guessed, service: "db", status: "resolved", startsAt: at(2), endsAt: at(2) });
  expect(startsOf([api, db])).toEqual([at(0), at(2)]);
});

test("an end is never before the start that it is given", () => {
  const firing = buildAlert({ service: "api", startsAt: at(5) });
  const ended = buildAlert({ ...guessed, status: "resolved", startsAt: at(4), endsAt: at(4) });
  const [, settled] = settleStarts([{ alert: firing }, { alert: ended }], none);
  expect(settled?.alert).toMatchObject({ startsAt: at(5), endsAt: at(5) });
});

test.each([["one batch"], ["three batches"]])(
  "in triage, in %s: one alert, seen three times, ended",
  (how) => {
    const memory = createMemory(createCorrelator({ weights: shippedWeights }));
    const reports = [
      buildAlert({ ...guessed, startsAt: at(0) }),
      buildAlert({ ...guessed, startsAt: at(2) }),
      buildAlert({ ...guessed, status: "resolved", startsAt: at(3), endsAt: at(3) }),
    ].map((alert) => ({ alert, receivedAt: alert.startsAt }));
    const batches = how === "one batch" ? [reports] : reports.map((report) => [report]);
    for (const batch of batches)
      takeReports(memory, batch, { observations: [], settings: { silences: [], windows: [] }, now: at(5) });
    expect([...memory.alerts.values()]).toMatchObject([
      { endedBy: "source", alert: { startsAt: at(0), endsAt: at(3), status: "resolved" } },
    ]);
  },
);
