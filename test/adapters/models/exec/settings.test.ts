import { describe, expect, test } from "vitest";
import { environmentOf, fill, parseExecSettings } from "../../../../src/adapters/models/exec/settings.ts";

const good = { deploy: ["deploy", "{version}"], live: ["live"], versions: ["versions"] };

describe("settings", () => {
  test("have sensible limits by themselves", () => {
    expect(parseExecSettings("scorer", good)).toMatchObject({
      timeoutSeconds: 3_600,
      queryTimeoutSeconds: 20,
      env: [],
    });
  });

  test.each([
    ["a missing command", { ...good, live: undefined }, "models.scorer.settings.live"],
    [
      "a shell line instead of a list",
      { ...good, deploy: "deploy {version}" },
      "models.scorer.settings.deploy",
    ],
    ["an empty list", { ...good, deploy: [] }, "models.scorer.settings.deploy"],
    [
      "an unknown placeholder",
      { ...good, deploy: ["deploy", "{verison}"] },
      "holds {verison}; expected one of {model}",
    ],
    ["a placeholder as the program", { ...good, deploy: ["{model}"] }, "must not be a placeholder"],
    ["an unknown setting", { ...good, shell: true }, "shell"],
    ["a time-out of nothing", { ...good, timeoutSeconds: 0 }, "timeoutSeconds"],
    ["nothing at all", undefined, "models.scorer.settings"],
  ])("with %s are refused by name", (_name, settings, expected) => {
    expect(() => parseExecSettings("scorer", settings)).toThrow(expected);
  });
});

describe("filling", () => {
  test("puts values into arguments and never makes two of one", () => {
    expect(
      fill(["run", "--to={version}", "{model}/{environment}"], {
        model: "a b",
        version: "{from}",
        environment: "e",
      }),
    ).toEqual({
      kind: "argv",
      argv: ["run", "--to={from}", "a b/e"],
    });
  });

  test("says which value there is not", () => {
    expect(fill(["run", "{from}"], { from: null })).toEqual({ kind: "missing", placeholder: "from" });
  });

  test("leaves braces that are no placeholder alone", () => {
    expect(fill(["run", "{}", "{a-b}"], {})).toEqual({ kind: "argv", argv: ["run", "{}", "{a-b}"] });
  });
});

test("the environment is what is always needed and what is named", () => {
  const all = { PATH: "/bin", SLACK_BOT_TOKEN: "x", KUBECONFIG: "/k" };
  expect(environmentOf({ env: ["KUBECONFIG", "ABSENT"] }, all)).toEqual({ PATH: "/bin", KUBECONFIG: "/k" });
});
