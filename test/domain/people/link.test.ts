import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  codeFrom,
  mentionOf,
  personOfAccount,
  readCode,
  refuseLink,
} from "../../../src/domain/people/link.ts";
import type { Person } from "../../../src/domain/people/person.ts";

const ada: Person = { id: "ada", name: "Ada", roles: ["sre"], accounts: { slack: "U1" } };
const bob: Person = { id: "bob", name: "Bob", roles: [], accounts: { slack: "U2", discord: "22" } };
const people = [ada, bob];
const later = new Date(Date.UTC(2026, 0, 31));
const code = (person: string, platform = "slack") => ({ person, platform, expiresAt: later });

describe("a code", () => {
  test("is read as it was given out, however it is typed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 16 }), (bytes) => {
        const given = codeFrom(bytes);
        expect(given).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
        const typed = ` ${given.toLowerCase().replace("-", " ").replaceAll("1", "l").replaceAll("0", "o")}`;
        expect(readCode(typed)).toBe(given);
      }),
    );
  });

  test.each([[""], ["7K3M"], ["7K3M-Q9X!"], ["7K3M-Q9XAA"], ["' or 1=1"]])("%j is none", (typed) => {
    expect(readCode(typed)).toBeNull();
  });

  test("takes enough randomness", () => {
    expect(() => codeFrom(new Uint8Array(7))).toThrow(RangeError);
  });
});

test.each<[string, Parameters<typeof refuseLink>[1], { platform: string; id: string }, string | null]>([
  ["a code that is not there", null, { platform: "discord", id: "9" }, "unknown_code"],
  ["where it was given out", code("ada"), { platform: "slack", id: "U9" }, "same_platform"],
  ["of somebody who left", code("eve"), { platform: "discord", id: "9" }, "unknown_person"],
  ["with the account of another person", code("ada"), { platform: "discord", id: "22" }, "configured"],
  ["with one's own account of tocsin.yaml", code("bob"), { platform: "discord", id: "22" }, "configured"],
  ["for one who has another account there", code("bob"), { platform: "discord", id: "9" }, "has_account"],
  ["with an account that nobody names", code("ada"), { platform: "discord", id: "9" }, null],
])("taking up a code, %s", (_, taken, account, reason) => {
  expect(refuseLink(people, taken, account)?.reason ?? null).toBe(reason);
});

describe("how a person is called", () => {
  const link = (platform: string, account: string, day: number) => ({
    ...{ platform, account, accountName: "x", person: "ada" },
    linkedAt: new Date(Date.UTC(2026, 0, day)),
  });

  test.each<[string, Parameters<typeof mentionOf>[1], Record<string, string>]>([
    ["by the account of tocsin.yaml", [], { slack: "U1" }],
    ["elsewhere by the one that was linked", [link("discord", "9", 1)], { slack: "U1", discord: "9" }],
    [
      "by the last of several",
      [link("discord", "9", 3), link("discord", "8", 2)],
      { slack: "U1", discord: "9" },
    ],
    ["never by another where tocsin.yaml names one", [link("slack", "U7", 1)], { slack: "U1" }],
    ["never by one that has become somebody else's", [link("discord", "22", 1)], { slack: "U1" }],
  ])("%s", (_, links, accounts) => {
    expect(mentionOf(ada, links, people)).toEqual({ kind: "person", accounts });
  });
});

describe("who an account is", () => {
  const on = (platform: string, id: string) => ({ platform, id });

  test("tocsin.yaml has the first word", () => {
    expect(personOfAccount(people, on("discord", "22"), { person: "ada" })).toBe(bob);
    // A person who was given an account of their own since is that account alone.
    expect(personOfAccount(people, on("discord", "9"), { person: "bob" })).toBeNull();
  });

  test("a link says whose account it is, with the roles of tocsin.yaml", () => {
    expect(personOfAccount(people, on("discord", "9"), { person: "ada" })).toEqual({
      ...ada,
      accounts: { slack: "U1", discord: "9" },
    });
  });

  test("a link to nobody, or none, is a stranger", () => {
    expect(personOfAccount(people, on("discord", "9"), { person: "eve" })).toBeNull();
    expect(personOfAccount(people, on("discord", "9"), null)).toBeNull();
  });
});
