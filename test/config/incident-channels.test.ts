import { expect, test } from "vitest";
import { incidentChannelsOf, incidentChannelsSchema } from "../../src/config/incident-channels.ts";

const ada = { id: "ada", name: "Ada", roles: [], accounts: {} };
const read = (given: unknown) =>
  incidentChannelsOf(incidentChannelsSchema.parse(given), { people: [ada], rotas: [{ name: "primary" }] });

test("off where nothing is said", () => {
  expect(read(undefined)).toEqual({ rules: [], prefix: "inc", consoleUrl: null });
});

test("a rule says when, for whom and for how long", () => {
  const { rules } = read({
    rules: [
      { open: "high", invite: { rotas: ["primary"], people: ["ada"] }, archiveAfterDays: 2, private: true },
      { open: "by hand", match: ['team="payments"'] },
    ],
  });
  expect(rules).toMatchObject([
    { atLeast: "high", rotas: ["primary"], people: ["ada"], archiveAfterMs: 172_800_000, isPrivate: true },
    { atLeast: null, archiveAfterMs: null, isPrivate: false, match: [{}] },
  ]);
});

test.each([
  [
    { rules: [{ open: "high", invite: { rotas: ["primry"] } }] },
    /rules\.0\.invite\.rotas: "primry" is no rota.*primary/,
  ],
  [
    { rules: [{ open: "high", invite: { people: ["bo"] } }] },
    /"bo" is no person of people; expected one of ada/,
  ],
  [{ rules: [{ open: "high", match: ["team"] }] }, /rules\.0\.match: "team" is not a matcher/],
  [{ rules: [{ open: "bad" }] }, /open/],
  [{ rules: [{ open: "high", bookmarks: [{ title: "x", url: "ftp://x" }] }] }, /http:\/\/ or https:\/\//],
  [{ prefix: "Inc" }, /lower-case/],
])("%j is refused", (given, problem) => {
  expect(() => read(given)).toThrow(problem);
});
