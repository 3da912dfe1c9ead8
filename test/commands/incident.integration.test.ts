import { expect, test } from "vitest";
import type { View } from "../../src/domain/view.ts";
import { requestOf } from "../app/rollout-world.ts";
import { at, buildTracked } from "../domain/build.ts";
import { rolloutIn } from "../domain/rollout/build.ts";
import { buildExplanation } from "../fixtures/explanation-question.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const say = (who: string, line: string) => scene.world().say(who, line);

function fileIn(view: View): string {
  const file = view.blocks.find((block) => block.kind === "file");
  if (file === undefined) throw new Error(`no file: ${view.summary}`);
  return file.text;
}

test("the report holds what was stored: alerts, evidence, what people did, the rollout, and how long it took", async () => {
  const { id } = await scene.incident({ alertCount: 1 });
  const alert = buildTracked({ summary: "31 % | of requests fail" }, { incidentId: id });
  await scene.store().incidents.saveAlerts([alert]);
  await scene
    .store()
    .explanations.addEvidence(id, [
      { kind: "alert", subject: alert.key, text: "HighErrorRate on checkout", at: at(0), data: {} },
    ]);
  await scene
    .store()
    .explanations.save(
      buildExplanation({ incidentId: id, summary: [{ text: "checkout fails.", evidence: [1] }] }),
    );
  scene.clock.pass(60_000);
  await say("oncall", `ack ${id}`);
  await say("oncall", `note ${id} the queue drains`);
  const { id: _, version: __, ...asked } = rolloutIn("succeeded");
  const rollout = await scene
    .store()
    .rollouts.insert({ ...asked, operationId: "report-1", plan: { ...asked.plan, incidentId: id } });
  await scene.store().incidents.addTimeline([
    {
      incidentId: id,
      at: scene.clock.now(),
      kind: "rollout",
      actor: "tocsin",
      text: `rollout ${rollout.id} succeeded`,
      data: { rolloutId: rollout.id },
      isPosted: true,
    },
  ]);
  scene.clock.pass(600_000);
  await say("oncall", `resolve ${id} rolled back --cause checkout`);

  const view = await scene.view("oncall", `incident report ${id}`);
  expect(view.summary).toContain(`Report of incident ${id}`);
  const written = fileIn(view);
  for (const part of [
    `# Incident ${id}: `,
    "31 % \\| of requests fail",
    "| \\[1\\] | alert | 2026-03-01T10:00:00Z | HighErrorRate on checkout |",
    "- checkout fails. \\[1\\]",
    "the queue drains",
    "What was written: “rolled back”.",
    "says that checkout was the cause",
    `| ${rollout.id} | deploy scorer 3 → 4 in production | succeeded |`,
    "wrote a note",
  ])
    expect(written).toContain(part);
  expect(written).toMatch(/\| Time to acknowledge \| 11 min, by /);
  expect(written).toMatch(/\| Time to resolve \| 21 min, by /);
});

test("the report is for everyone in the channel, the card for whoever asked", async () => {
  const { id } = await scene.incident();
  const answer = (line: string) =>
    scene.world().execute.execute(requestOf("oncall", line, scene.clock.now()));
  expect(await answer(`incident report ${id}`)).toMatchObject({ visibility: "public" });
  const shown = await answer(`incident show ${id}`);
  expect(shown).toMatchObject({ visibility: "private", view: { kind: "incident" } });
  expect(shown?.view.actions.map(({ command }) => command)).toContain(`ack ${id}`);
});

test("of an incident that went into another the report is of that one", async () => {
  const into = await scene.incident();
  const gone = await scene.incident({ mergedInto: into.id, state: "resolved" });
  expect(fileIn(await scene.view("oncall", `incident report ${gone.id}`))).toContain(
    `# Incident ${into.id}:`,
  );
});

test("an incident that does not exist is refused with those that do", async () => {
  const { id } = await scene.incident();
  const view = await scene.view("oncall", "incident report 99999");
  expect(view.kind).toBe("error");
  expect(view.summary).toContain("There is no incident 99999.");
  expect(view.summary).toContain(String(id));
});

test("whoever may not read gets no report", async () => {
  const { id } = await scene.incident();
  const view = await scene.view("stranger", `incident report ${id}`);
  expect(view.kind).toBe("error");
  expect(JSON.stringify(view)).not.toContain("# Incident");
});
