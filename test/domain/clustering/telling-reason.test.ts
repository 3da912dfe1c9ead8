import { expect, test } from "vitest";
import { tellingReason } from "../../../src/domain/clustering/telling-reason.ts";

const reason = (signal: string, score: number) => ({ signal, score, because: signal });

test("is the strongest one on the side that is asked for, and never what sums are held against", () => {
  const reasons = [reason("pairs", 2), reason("topology", 3), reason("roots", -1), reason("threshold", -4)];
  expect(tellingReason(reasons, "for")?.signal).toBe("topology");
  expect(tellingReason(reasons, "against")?.signal).toBe("roots");
  expect(tellingReason([reason("roots", -1)], "for")).toBeNull();
});

test("may be one without a score, where nothing else says anything", () => {
  expect(tellingReason([reason("bridge", 0)], "against")?.signal).toBe("bridge");
});
