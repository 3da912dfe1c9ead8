import { expect, test } from "vitest";
import { type Ballot, createBallot } from "../../../src/domain/clustering/root-votes.ts";
import { createServiceGraph } from "../../../src/domain/topology.ts";
import { seen } from "../../contracts/signal.ts";

const graph = createServiceGraph({
  edges: [
    ["web", "api"],
    ["api", "db"],
    ["db", "web"],
  ],
  services: [],
});
const [web, api] = [seen({ service: "web", at: 0 }), seen({ service: "api", at: 0 })];
const blaming = { ...web, names: ["api", "mail"] };

function start(): Ballot {
  const ballot = createBallot(graph, { blamed: 2 });
  for (const alert of [web, api, blaming]) ballot.enter(alert);
  return ballot;
}

test("an alert votes most for its own service, then for what that calls, then for what is called there", () => {
  const ballot = start();
  const { services, votes } = ballot.rootsOf(web);
  expect(services).toEqual([0, 1, 2]);
  expect(votes).toEqual([0.4, 0.2, 1.5]);
  expect(ballot.topOf({ services, votes })).toBe("web");
});

test("an alert that names services votes for them, and leaves what others of its service vote for", () => {
  const ballot = start();
  const before = ballot.rootsOf(web);
  const { services, votes } = ballot.rootsOf(blaming);
  expect(services).toEqual([0, 1, 2, 3]);
  expect(votes).toEqual([2.4, 0.2, 1.5, 2]);
  expect(ballot.topOf({ services, votes })).toBe("api");
  expect(ballot.rootsOf(web)).toEqual(before);
});

test("votes are the same to the last digit in whatever order they are asked for", () => {
  const [one, other] = [start(), start()];
  const inOrder = [web, api, blaming].map((alert) => one.rootsOf(alert));
  const reversed = [blaming, api, web].map((alert) => other.rootsOf(alert));
  expect(reversed.reverse()).toEqual(inOrder);
});
