import { expect, test } from "vitest";
import { follow, pathProblem } from "../../../src/domain/alert/mapping.ts";

const body = { data: { monitor: { name: "api" }, tags: ["a", { b: "c" }] }, "": "empty", flat: "text" };

test.each([
  ["data.monitor.name", "api"],
  ["data.tags.0", "a"],
  ["data.tags[1].b", "c"],
  ["$.flat", "text"],
  ['"always this"', "always this"],
])("follows %s", (path, value) => {
  expect(follow(body, path)).toEqual({ kind: "found", value });
});

test("the whole is $", () => {
  expect(follow(body, "$")).toEqual({ kind: "found", value: body });
});

test.each([
  ["data.monitor.nmae", '"data.monitor.nmae": there is no "nmae" in "data.monitor", which has name'],
  ["data.tags.2", '"data.tags.2": there is no "2" in "data.tags", which is a list of 2'],
  ["flat.x", '"flat.x": there is no "x" in "flat", which is "text"'],
  ["nothing", '"nothing": there is no "nothing" in the body, which has data, , flat'],
])("says of %s where it ends and what is there", (path, problem) => {
  expect(follow(body, path)).toEqual({ kind: "absent", problem });
});

test.each([["constructor"], ["__proto__"], ["data.tags.length"], ["flat.length"], ["data.tags.-1"]])(
  "%s does not reach into the language",
  (path) => {
    expect(follow(body, path).kind).toBe("absent");
  },
);

test.each([[""], ["a..b"], ["a."], [Array.from({ length: 30 }, () => "a").join(".")]])(
  "%j is not a path",
  (path) => {
    expect(pathProblem(path)).toMatch(/path|steps/);
  },
);

test("paths that are fine have no problem", () => {
  for (const path of ["a", "a.b", "a[0].b", "$", '"text with . dots"', "@type.x-y"])
    expect(pathProblem(path)).toBeNull();
});
