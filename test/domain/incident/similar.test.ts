import { describe, expect, test } from "vitest";
import {
  compareIncidents,
  type FeatureRarity,
  featureKey,
  featuresOf,
  minSimilarity,
  minSimilarityIfExplained,
  rankSimilar,
  readFeatureKey,
} from "../../../src/domain/incident/similar.ts";
import { at, buildAlert } from "../build.ts";

/** 500 incidents, in which only these are common. */
function rarity(common: Readonly<Record<string, number>> = {}): FeatureRarity {
  return { incidents: 500, having: new Map(Object.entries(common)) };
}

const outage = [
  buildAlert({ name: "HighErrorRate", service: "checkout", startsAt: at(0) }),
  buildAlert({
    name: "HighLatency",
    service: "storefront",
    startsAt: at(1),
    summary: "connection refused by db-7",
  }),
  buildAlert({ name: "QueueFull", service: "mailer", startsAt: at(2) }),
];

describe("what an incident is known by", () => {
  test("no secret that an alert quotes, nor what stands in its place (issue 3)", () => {
    const summary = "dial failed: password=correcthorsebattery rejected";
    const keys = featuresOf([buildAlert({ name: "LoginFailed", service: "checkout", summary })]).map(
      featureKey,
    );
    expect(keys).toEqual(expect.arrayContaining(["word:dial", "word:password"]));
    expect(keys.join(" ")).not.toMatch(/correcthorse|redacted|word:secret/);
  });

  test("kinds of alerts, who was first, services and words; not numbers, names or what the labels say", () => {
    const alert = buildAlert({
      name: "HighLatency",
      service: "checkout",
      labels: { alertname: "HighLatency", service: "checkout", zone: "north" },
      summary: "checkout north: connection refused after 3 retries, p99 2.3 s, HighLatency",
    });
    expect(featuresOf([alert]).map(featureKey)).toEqual([
      "type:HighLatency on checkout",
      "first:checkout",
      "name:HighLatency",
      "service:checkout",
      "word:after",
      "word:connection",
      "word:refused",
      "word:retries",
    ]);
  });

  test("a pod's hash is not what it is known by", () => {
    const pod = (name: string) => buildAlert({ service: name, labels: { alertname: "X", pod: name } });
    expect(featuresOf([pod("cart-7c9d5b6f4-x2x9z")])).toEqual(featuresOf([pod("cart-58f6d4c9b-k8s4q")]));
  });

  test("the same for the same alerts in any order, and bounded in a storm", () => {
    const storm = Array.from({ length: 400 }, (_, index) =>
      buildAlert({ name: `Rule${index}`, service: `s${index}`, startsAt: at(index) }),
    );
    const features = featuresOf(storm);
    expect(features).toEqual(featuresOf([...storm].reverse()));
    expect(features.length).toBeLessThanOrEqual(69);
    expect(features.filter(({ kind }) => kind === "first")).toEqual([{ kind: "first", value: "s0" }]);
  });

  test("a feature survives its key, with colons in it", () => {
    const feature = { kind: "type", value: "a:b on c:d" } as const;
    expect(readFeatureKey(featureKey(feature))).toEqual(feature);
    expect(readFeatureKey("colour:red")).toBeNull();
  });
});

describe("how alike two are", () => {
  test("the parts add up to the similarity, and say what is shared", () => {
    const there = featuresOf([...outage.slice(0, 2), buildAlert({ name: "DiskFull", service: "db" })]);
    const { similarity, parts } = compareIncidents(featuresOf(outage), there, rarity());
    expect(parts.reduce((sum, part) => sum + part.score, 0)).toBeCloseTo(similarity, 10);
    expect(similarity).toBeGreaterThan(minSimilarity);
    expect(parts.map(({ because }) => because)).toEqual(
      expect.arrayContaining([
        "2 of 3 alert types (HighErrorRate on checkout, HighLatency on storefront)",
        "same first service, checkout",
        "same words (connection, refused)",
      ]),
    );
  });

  test("the same alerts again are nearly one; what shares no kind of alert is nothing", () => {
    const again = outage.map((alert) => ({ ...alert, startsAt: at(9_000) }));
    expect(compareIncidents(featuresOf(outage), featuresOf(again), rarity()).similarity).toBeGreaterThan(0.9);
    const elsewhere = featuresOf([buildAlert({ name: "Other", service: "checkout" })]);
    expect(compareIncidents(featuresOf(outage), elsewhere, rarity()).similarity).toBe(0);
    expect(compareIncidents([], [], rarity())).toEqual({ similarity: 0, parts: [] });
  });

  test("one alert that many incidents have is no likeness; the same alert when it is rare is", () => {
    const one = featuresOf([buildAlert({ name: "HighLatency", service: "shop" })]);
    const common = Object.fromEntries(one.map((feature) => [featureKey(feature), 200]));
    const often = compareIncidents(one, one, rarity(common));
    expect(often.similarity).toBeLessThan(minSimilarityIfExplained);
    expect(often.parts.at(-1)).toMatchObject({ kind: "common", because: "what they share is common" });
    expect(compareIncidents(one, one, rarity()).similarity).toBeGreaterThan(minSimilarity);
  });

  test("in a young installation one alert that came once before is found, but not called certain", () => {
    const one = featuresOf([buildAlert()]);
    const young: FeatureRarity = {
      incidents: 1,
      having: new Map(one.map((feature) => [featureKey(feature), 1])),
    };
    const { similarity } = compareIncidents(one, one, young);
    expect(similarity).toBeGreaterThanOrEqual(minSimilarityIfExplained);
    expect(similarity).toBeLessThan(minSimilarity);
  });

  test("the most similar comes first, among equals the newest, and the unlike not at all", () => {
    const mine = featuresOf(outage);
    const candidates = [
      { incidentId: 3, features: mine },
      { incidentId: 9, features: mine },
      { incidentId: 5, features: featuresOf(outage.slice(0, 2)) },
      { incidentId: 7, features: featuresOf([buildAlert({ name: "DiskFull", service: "db" })]) },
    ];
    expect(rankSimilar(mine, candidates, rarity()).map(({ incidentId }) => incidentId)).toEqual([9, 3, 5]);
  });
});
