import { describe, expect, test } from "vitest";
import { causeName } from "../../../src/domain/learning/cause-name.ts";

describe("the name of a cause", () => {
  test.each([
    [null, null, "not enough evidence"],
    ["checkout", null, "checkout, without a change"],
    ["checkout", "d-41", "change d-41 on checkout"],
    [null, "d-41", "change d-41"],
    [null, "rollout:7:db", "rollout 7"],
    [null, "none", "no change"],
  ])("of service %s and change %s is %s", (service, changeId, name) => {
    expect(causeName({ service, changeId })).toBe(name);
  });

  test("is in the words of the place where it names something", () => {
    const named = () => "the deploy of checkout";
    expect(causeName({ service: "checkout", changeId: "d-41" }, named)).toBe("the deploy of checkout");
    expect(causeName({ service: null, changeId: null }, named)).toBe("not enough evidence");
  });
});
