import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type Advice, adviseOn } from "../../../src/domain/noise/advice.ts";
import type { NoiseReport } from "../../../src/domain/noise/noise.ts";
import { at } from "../build.ts";
import { buildRule } from "./build.ts";

const never = [0, 0, 0, 0, 0, 0, 0];
const nasty = `it's "two"\\ : # {x} é`;

/** Every kind of advice, about a rule with an awkward name. */
const report: NoiseReport = {
  from: at(0),
  to: at(60),
  total: { firings: 40, notified: 40, mattered: 0 },
  teams: [],
  rules: [
    {
      ...buildRule({
        name: nasty,
        mattered: 0,
        endedWithin: { mattered: never, idle: [40, 40, 40, 40, 40, 40, 40] },
      }),
      shareRatio: 1,
      verdicts: ["never mattered"],
      elsewhere: [],
    },
    { ...buildRule({ returned: 30, pauseMs: 1 }), shareRatio: 1, verdicts: ["flaps"], elsewhere: [] },
    // It mattered to a team, whose alerts have the team's label.
    {
      ...buildRule({ name: "HighLatency", team: "slack:C1", teamFrom: "channel", mattered: 0 }),
      ...{ shareRatio: 1, verdicts: ["never mattered"] },
      elsewhere: [buildRule({ name: "HighLatency" })],
    },
  ],
  duplicates: [
    {
      names: ["A", nasty],
      counts: [9, 9],
      together: 9,
      sender: "alertmanager",
      leadMs: 0,
      samples: [],
      leader: "A",
      follower: nasty,
      shareRatio: 1,
      equal: ["namespace", "service"],
    },
  ],
};

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function written(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-noise-"));
  folders.push(folder);
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function snippets(where: NonNullable<Advice["snippet"]>["where"]): readonly string[] {
  return adviseOn(report).flatMap(({ snippet }) => (snippet?.where === where ? [snippet.text] : []));
}

describe.skipIf(!existsSync("/usr/bin/amtool"))(
  "Alertmanager's own checker (Debian: prometheus-alertmanager)",
  () => {
    test("takes the snippets in a configuration of their own", () => {
      const found = snippets("alertmanager.yml");
      expect(found).toHaveLength(3);
      for (const snippet of found) {
        const { route = {}, receivers = [], ...rest } = parse(snippet) as Record<string, unknown>; // A mapping, or amtool says so.
        const config = {
          ...rest,
          route: { receiver: "people", ...(route as object) },
          receivers: [{ name: "people" }, ...(receivers as unknown[])],
        };
        const checked = spawnSync("/usr/bin/amtool", ["check-config", written("am.yml", stringify(config))], {
          encoding: "utf8",
        });
        expect(checked.stderr).toBe("");
        expect(checked.status).toBe(0);
      }
    });

    const isRoute = (text: string) => text.startsWith("route:");
    const routes = snippets("alertmanager.yml").filter(isRoute);

    test.each<[string, readonly string[], string]>([
      [nasty, ["team=payments"], "nobody"],
      ["Other", ["team=payments"], "people"],
      ["HighLatency", [], "nobody"],
      ["HighLatency", ["team=payments"], "people"],
      ["HighLatency", ["owner=payments"], "people"],
    ])("sends %s with %j to %s", (name, labels, receiver) => {
      const [route = ""] = routes.filter((text) => text.includes("HighLatency") === (name === "HighLatency"));
      const { route: mute } = parse(route) as { route: object }; // As above.
      const file = written(
        "am.yml",
        stringify({
          route: { receiver: "people", ...mute },
          receivers: [{ name: "people" }, { name: "nobody" }],
        }),
      );
      const { stdout } = spawnSync(
        "/usr/bin/amtool",
        ["config", "routes", "test", `--config.file=${file}`, `alertname=${JSON.stringify(name)}`, ...labels],
        { encoding: "utf8" },
      );
      expect(stdout.trim()).toBe(receiver);
    });
  },
);

describe.skipIf(!existsSync("/usr/bin/promtool"))("Prometheus' own checker (Debian: prometheus)", () => {
  test("takes the snippets as parts of a rule", () => {
    const found = snippets("Prometheus rule");
    expect(found).toHaveLength(2);
    const rules = found.map((text) => `${text.replace(/^/gm, "      ")}\n        expr: up == 0`).join("\n");
    const file = written("rules.yml", `groups:\n  - name: noise\n    rules:\n${rules}\n`);
    const checked = spawnSync("/usr/bin/promtool", ["check", "rules", file], { encoding: "utf8" });
    expect(`${checked.stdout}${checked.stderr}`).toContain("2 rules found");
    expect(checked.status).toBe(0);
  });
});
