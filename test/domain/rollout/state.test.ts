import { expect, test } from "vitest";
import {
  isFinal,
  openStates,
  type RolloutState,
  rolloutStates,
  transitions,
} from "../../../src/domain/rollout/state.ts";

test("every state leads to a final one, and final ones nowhere", () => {
  for (const state of rolloutStates) {
    const seen = new Set<RolloutState>([state]);
    for (const reached of seen) for (const next of transitions[reached]) seen.add(next);
    expect([...seen].some(isFinal), state).toBe(true);
    if (isFinal(state)) expect(transitions[state]).toEqual([]);
  }
});

test("only a started rollout can succeed, and only an approved one can start", () => {
  const into = (to: RolloutState) => rolloutStates.filter((state) => transitions[state].includes(to));
  expect(into("starting")).toEqual(["approved"]);
  expect(into("succeeded")).toEqual(["running", "cancelling", "unknown"]);
  expect(into("approved")).toEqual(["pending"]);
});

test("a state is open or final, and only an open one leads on", () => {
  for (const state of rolloutStates) {
    expect(isFinal(state), state).toBe(!openStates.includes(state));
    expect(transitions[state].length > 0, state).toBe(openStates.includes(state));
  }
});
