import { describe, expect, test } from "vitest";
import type { MaintenanceWindow } from "../../src/domain/suppression/maintenance.ts";
import type { Silence } from "../../src/domain/suppression/silence.ts";
import { createMuting, type MuteSettings } from "../../src/domain/suppression.ts";
import { at, buildTracked } from "./build.ts";

const isWeb = [{ name: "service", op: "=", value: "web" }] as const;

function silence(given: Partial<Silence> = {}): Silence {
  return {
    id: 1,
    matchers: isWeb,
    reason: "deploying",
    createdBy: "oncall",
    createdIn: null,
    startsAt: at(0),
    endsAt: at(60),
    createdAt: at(0),
    matchedAt: null,
    ...given,
  };
}

function window(given: Partial<MaintenanceWindow> = {}): MaintenanceWindow {
  return {
    id: 7,
    name: null,
    matchers: isWeb,
    schedule: { kind: "once", from: at(10), to: at(40) },
    reason: "new disks",
    createdBy: "sre-lead",
    createdAt: at(0),
    ...given,
  };
}

const web = buildTracked({ service: "web", name: "Latency" });
const api = buildTracked({ service: "api", name: "Down", severity: "critical" });
const rule = {
  name: "critical first",
  source: [{ name: "severity", op: "=", value: "critical" }],
  target: [{ name: "severity", op: "=", value: "warning" }],
  equal: [],
} as const;

function becauseAt(minute: number, settings: Partial<MuteSettings>): string | undefined {
  const muting = createMuting([], (key) => key);
  muting.setTo({ silences: [], windows: [], ...settings }, at(minute));
  return muting.muteOf(web)?.because;
}

describe("a silence", () => {
  test("mutes with its reason while it lasts, its end excluded", () => {
    const silences = [silence()];
    expect(becauseAt(59, { silences })).toBe("silence 1 by oncall until 2026-03-01 11:00 UTC: deploying");
    expect(becauseAt(60, { silences })).toBeUndefined();
    expect(becauseAt(4, { silences: [silence({ startsAt: at(5) })] })).toBeUndefined();
  });

  test("is by a person, who has a name", () => {
    const muting = createMuting(
      [],
      (key) => key,
      (person) => (person === "oncall" ? "Ada Ops" : person),
    );
    muting.setTo({ silences: [silence()], windows: [] }, at(1));
    expect(muting.muteOf(web)?.because).toMatch(/^silence 1 by Ada Ops until /);
  });

  test("of two the one that lasts longer is named, and both know that they match", () => {
    const muting = createMuting([], (key) => key);
    muting.setTo({ silences: [silence(), silence({ id: 2, endsAt: at(90) })], windows: [] }, at(1));
    expect(muting.muteOf(web)).toMatchObject({ by: "silence", id: 2 });
    expect(muting.muteOf(api)).toBeNull();
    expect(muting.takeMatched().toSorted()).toEqual([1, 2]);
    expect(muting.takeMatched()).toEqual([]);
  });
});

describe("a maintenance window", () => {
  test("mutes with its reason while it is under way", () => {
    const windows = [window()];
    expect(becauseAt(9, { windows })).toBeUndefined();
    expect(becauseAt(10, { windows })).toBe(
      "maintenance 7 by sre-lead until 2026-03-01 10:40 UTC: new disks",
    );
    expect(becauseAt(40, { windows })).toBeUndefined();
    expect(becauseAt(20, { windows: [window({ name: "disks" })] })).toContain("maintenance disks by");
  });
});

describe("what mutes", () => {
  test("is named in the order silence, maintenance, inhibition", () => {
    const muting = createMuting([rule], () => "Down on api");
    muting.note(api);
    muting.note(web);
    const byAt = (minute: number) => {
      muting.setTo({ silences: [silence({ endsAt: at(20) })], windows: [window()] }, at(minute));
      return muting.muteOf(web)?.by;
    };
    expect([byAt(5), byAt(25), byAt(45)]).toEqual(["silence", "maintenance", "inhibition"]);
    expect(muting.muteOf(web)).toEqual({
      by: "inhibition",
      id: "critical first",
      because: "inhibition rule critical first: Down on api fires",
    });
  });

  test("an inhibitor that has ended or is forgotten mutes no more", () => {
    const muting = createMuting([rule], () => "");
    muting.note(api);
    muting.note(web);
    muting.note({ ...api, endedBy: "source" });
    expect(muting.muteOf(web)).toBeNull();
    muting.note(api);
    expect(muting.muteOf(web)?.by).toBe("inhibition");
    muting.forget(api.key);
    expect(muting.muteOf(web)).toBeNull();
  });

  test("says when it is another than before, and only then", () => {
    const muting = createMuting([], (key) => key);
    const set = (minute: number, silences: readonly Silence[], windows: readonly MaintenanceWindow[] = []) =>
      muting.setTo({ silences, windows }, at(minute));
    expect(set(1, [silence()])).toBe(true);
    expect(set(2, [silence({ matchedAt: at(1) })])).toBe(false);
    expect(set(3, [silence()], [window()])).toBe(false);
    expect(set(11, [silence()], [window()])).toBe(true);
    expect(set(61, [silence()], [window()])).toBe(true);
  });
});
