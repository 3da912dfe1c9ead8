import { describe, expect, test } from "vitest";
import { entriesAt } from "../../../../src/adapters/rotas/icalendar/entries.ts";

function calendarOf(...lines: readonly string[]): string {
  return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//t//EN", ...lines, "END:VCALENDAR", ""].join("\r\n");
}

function eventOf(summary: string, ...lines: readonly string[]): readonly string[] {
  return ["BEGIN:VEVENT", `UID:${summary}`, `SUMMARY:${summary}`, ...lines, "END:VEVENT"];
}

async function titlesAt(text: string, moment: string, timezone = "Europe/Berlin") {
  return (await entriesAt(text, new Date(moment), timezone)).map(({ summary }) => summary);
}

const weekly = eventOf(
  "ada",
  "DTSTART;TZID=Europe/Berlin:20260302T090000",
  "DTEND;TZID=Europe/Berlin:20260309T090000",
  "RRULE:FREQ=WEEKLY;INTERVAL=2",
);

describe("a turn that recurs", () => {
  test.each([
    ["before the first", "2026-03-02T07:59:00Z", []],
    ["at its first moment", "2026-03-02T08:00:00Z", ["ada"]],
    ["in the week between", "2026-03-12T12:00:00Z", []],
    ["in the third week", "2026-03-18T12:00:00Z", ["ada"]],
    ["still at nine when clocks have gone forward", "2026-03-30T06:59:00Z", []],
    ["and not an hour later", "2026-03-30T07:00:00Z", ["ada"]],
    ["many years on", "2036-03-03T12:00:00Z", ["ada"]],
  ])("%s", async (_name, moment, titles) => {
    expect(await titlesAt(calendarOf(...weekly), moment)).toEqual(titles);
  });

  test("is left out where it was taken out", async () => {
    const without = calendarOf(...weekly.toSpliced(-1, 0, "EXDATE;TZID=Europe/Berlin:20260316T090000"));
    expect(await titlesAt(without, "2026-03-18T12:00:00Z")).toEqual([]);
    expect(await titlesAt(without, "2026-04-01T12:00:00Z")).toEqual(["ada"]);
  });

  const moved = (start: string, end: string, ...lines: readonly string[]) => [
    ...["BEGIN:VEVENT", "UID:ada", "SUMMARY:bea instead", "RECURRENCE-ID;TZID=Europe/Berlin:20260316T090000"],
    ...[`DTSTART;TZID=Europe/Berlin:${start}`, `DTEND;TZID=Europe/Berlin:${end}`, ...lines, "END:VEVENT"],
  ];

  test("is somebody else's where that was written", async () => {
    const text = calendarOf(...weekly, ...moved("20260316T090000", "20260323T090000"));
    expect(await titlesAt(text, "2026-03-18T12:00:00Z")).toEqual(["bea instead"]);
  });

  test("is found where it was moved to, earlier or later", async () => {
    const earlier = calendarOf(...weekly, ...moved("20260310T090000", "20260311T090000"));
    expect(await titlesAt(earlier, "2026-03-10T12:00:00Z")).toEqual(["bea instead"]);
    const later = calendarOf(...weekly, ...moved("20260326T090000", "20260327T090000"));
    expect(await titlesAt(later, "2026-03-26T12:00:00Z")).toEqual(["bea instead"]);
    expect(await titlesAt(later, "2026-03-18T12:00:00Z")).toEqual([]);
  });

  test("does not take place where it was cancelled", async () => {
    const text = calendarOf(...weekly, ...moved("20260316T090000", "20260323T090000", "STATUS:CANCELLED"));
    expect(await titlesAt(text, "2026-03-18T12:00:00Z")).toEqual([]);
  });
});

describe("times", () => {
  test("in UTC, and whoever began last comes last", async () => {
    const text = calendarOf(
      ...eventOf("late", "DTSTART:20260302T120000Z", "DTEND:20260302T180000Z"),
      ...eventOf("usual", "DTSTART:20260302T000000Z", "DTEND:20260303T000000Z"),
    );
    expect(await titlesAt(text, "2026-03-02T13:00:00Z")).toEqual(["usual", "late"]);
    expect(await titlesAt(text, "2026-03-02T19:00:00Z")).toEqual(["usual"]);
  });

  test("of whole days, and without a zone, are those of the given zone", async () => {
    const days = calendarOf(...eventOf("day", "DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260303"));
    expect(await titlesAt(days, "2026-03-01T23:30:00Z")).toEqual(["day"]);
    expect(await titlesAt(days, "2026-03-02T23:30:00Z")).toEqual([]);
    const floating = calendarOf(...eventOf("free", "DTSTART:20260302T090000", "DURATION:PT2H"));
    expect(await titlesAt(floating, "2026-03-02T14:30:00Z", "America/New_York")).toEqual(["free"]);
    expect(await titlesAt(floating, "2026-03-02T08:30:00Z", "America/New_York")).toEqual([]);
  });

  test("in a zone that only the calendar knows are read by its own rules", async () => {
    const zone = [
      ...["BEGIN:VTIMEZONE", "TZID:Office", "BEGIN:STANDARD", "DTSTART:19700101T000000"],
      ...["TZOFFSETFROM:+0300", "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE"],
    ];
    const text = calendarOf(
      ...zone,
      ...eventOf("shift", "DTSTART;TZID=Office:20260302T090000", "DTEND;TZID=Office:20260302T100000"),
    );
    expect(await titlesAt(text, "2026-03-02T06:30:00Z")).toEqual(["shift"]);
    expect(await titlesAt(text, "2026-03-02T08:30:00Z")).toEqual([]);
  });
});

test("attendees come by address and by name", async () => {
  const text = calendarOf(
    ...eventOf(
      "x",
      "DTSTART:20260302T000000Z",
      "DTEND:20260303T000000Z",
      'ATTENDEE;CN="Ada Okafor":mailto:ada@example.com',
    ),
  );
  const [entry] = await entriesAt(text, new Date("2026-03-02T12:00:00Z"), "UTC");
  expect(entry?.attendees).toEqual(["ada@example.com", "Ada Okafor"]);
});

test.each([
  ["a page", "<html>sign in</html>"],
  ["another format", "BEGIN:VCARD\r\nVERSION:4.0\r\nEND:VCARD\r\n"],
  ["nothing", ""],
])("%s is no calendar", async (_name, text) => {
  await expect(entriesAt(text, new Date(), "UTC")).rejects.toThrow();
});
