/**
 * A bot that dies at any moment of a rollout, with every backend, on both databases: whatever dies when, the work is
 * begun once at most, everything that was begun is in the audit log, and the rollout ends or asks a person.
 */
import { describe } from "vitest";
import { mortalRows } from "../adapters/models/mortal-scenes.ts";
import { deathsOf, onEmbedded, onServer } from "./deaths.ts";

describe("on the embedded database", () => {
  const place = onEmbedded();
  for (const row of mortalRows) deathsOf(place, row, ["deploy", "rollback"]);
});

describe("on a server, where the log belongs to another role than the bot's", () => {
  const place = onServer();
  for (const row of mortalRows) deathsOf(place, row, ["deploy", "retrain"]);
});
