import { expect, test } from "vitest";
import { suspectMark } from "../../src/domain/learning/feedback.ts";
import { textOf, type View } from "../../src/domain/view.ts";
import { buildCause, buildExplanation } from "../fixtures/explanation-question.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const ranked = ["a", "b", "c", "delta", "e"].map((service, index) =>
  buildCause({ service, changeId: null, confidence: 0.3 - 0.05 * index }),
);

/** An incident of which a model put our fourth cause first. */
async function reordered(): Promise<number> {
  const { id } = await scene.incident();
  await scene
    .store()
    .explanations.save(
      buildExplanation({ incidentId: id, explainer: "openai", modelOrder: [4, 1, 2, 3, 5], ranked }),
    );
  return id;
}

function suspected(view: View): readonly string[] {
  const texts = view.blocks.flatMap((block) => (block.kind === "text" ? [textOf(block.text)] : []));
  return texts.filter((text) => text.includes(" by the ranking, "));
}

test("what a model puts first from rank 4 is among the causes of /why, with both ranks (issue 3)", async () => {
  const id = await reordered();
  expect(suspected(await scene.view("oncall", `why ${id}`))).toEqual([
    "a, without a change · 30 % · 1st by the ranking, 2nd by the model",
    "b, without a change · 25 % · 2nd by the ranking, 3rd by the model",
    "c, without a change · 20 % · 3rd by the ranking, 4th by the model",
    "delta, without a change · 15 % · 4th by the ranking, 1st by the model",
  ]);
});

test("it is the first that /cause offers, also when ours was wrong (issue 3)", async () => {
  const id = await reordered();
  const mark = suspectMark({ service: "a", changeId: null });
  const labels = async (line: string) => (await scene.view("oncall", line)).actions.map(({ label }) => label);
  expect((await labels(`cause ${id}`)).slice(0, 3)).toEqual(["It was delta", "It was a", "It was b"]);
  const after = await labels(`cause ${id} wrong --suspect ${mark}`);
  expect(after.slice(0, 3)).toEqual(["It was delta", "It was b", "It was c"]);
});

test("a button names a long suspect by its beginning and its end (issue 3)", async () => {
  const { id } = await scene.incident({
    services: ["projects/payments-production/regions/europe-west4/checkout-api"],
  });
  const { actions } = await scene.view("oncall", `cause ${id}`);
  expect(actions.map(({ label }) => label)).toContain("It was projects/p…pe-west4/checkout-api");
});
