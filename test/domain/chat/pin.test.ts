import { expect, test } from "vitest";
import { pinData, standingPin, unpinData, withoutTakenBack } from "../../../src/domain/chat/pin.ts";

const pin = (message: string | null) => pinData({ message, author: "ada", link: null });
const entry = (id: number, data: Readonly<Record<string, unknown>>) => ({
  id,
  kind: "note" as const,
  actor: "oncall",
  data,
});

test("a message stands by its name until its pin is taken back, and may be pinned again", () => {
  const pinned = entry(1, pin("slack:C1/1.0"));
  const other = entry(2, pin("slack:C1/2.0"));
  const gone = entry(3, unpinData(pinned));
  const again = entry(4, pin("slack:C1/1.0"));
  expect(standingPin([pinned, other], "slack:C1/1.0")).toBe(pinned);
  expect(standingPin([pinned, other, gone], "slack:C1/1.0")).toBeUndefined();
  expect(standingPin([pinned, other, gone, again], "slack:C1/1.0")).toBe(again);
  expect(withoutTakenBack([pinned, other, gone, again])).toEqual([other, again]);
});

test("a note that only looks like a pin, or has no message, stands for none", () => {
  const odd = [
    entry(1, { pin: "slack:C1/1.0" }),
    entry(2, pin(null)),
    { ...entry(3, pin("m")), kind: "joined" as const },
  ];
  expect(standingPin(odd, "m")).toBeUndefined();
  expect(withoutTakenBack(odd)).toEqual(odd);
});
