import { expect, test } from "vitest";
import { personIn } from "../../../src/domain/people/calendar-person.ts";

const people = [
  { id: "ada", name: "Ada Okafor" },
  { id: "bea", name: "Bea Lindqvist" },
];
const aliases = { "a.okafor@example.com": "ada", "B. Lind": "bea" };

test.each([
  ["by the address of an attendee", "Primary", ["a.okafor@example.com"], "ada"],
  ["whatever the case", "Primary", ["A.Okafor@Example.com"], "ada"],
  ["by an attendee's name", "Primary", ["x@example.com", "Bea Lindqvist"], "bea"],
  ["by a name in the title", "On call: Ada Okafor (primary)", [], "ada"],
  ["by an id in the title", "bea on call", [], "bea"],
  ["by a nickname", "On call - B. Lind", [], "bea"],
  ["an attendee before the title", "Bea Lindqvist covers", ["a.okafor@example.com"], "ada"],
  ["nobody when the title names two", "Ada Okafor hands over to Bea Lindqvist", [], null],
  ["nobody when a name is only part of a word", "adapter maintenance", [], null],
  ["nobody who is unknown", "On call: Zoe", ["zoe@example.com"], null],
])("%s", (_name, summary, attendees, id) => {
  expect(personIn({ summary, attendees }, people, aliases)).toBe(id);
});
