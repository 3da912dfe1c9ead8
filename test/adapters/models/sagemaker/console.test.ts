import { expect, test } from "vitest";
import { consolePage, consolePageOf, studioPage } from "../../../../src/adapters/models/sagemaker/console.ts";

test.each([
  [
    "eu-central-1",
    "https://eu-central-1.console.aws.amazon.com/sagemaker/home?region=eu-central-1#/endpoints/a",
  ],
  ["cn-north-1", "https://console.amazonaws.cn/sagemaker/home?region=cn-north-1#/endpoints/a"],
  ["us-gov-west-1", "https://console.amazonaws-us-gov.com/sagemaker/home?region=us-gov-west-1#/endpoints/a"],
  ["us-iso-east-1", null],
  ["eusc-de-east-1", null],
])("the page of an endpoint in %s is %s", (region, page) => {
  expect(consolePage(region, "endpoint", "a")).toBe(page);
});

test.each([
  ["training-job/train-1", "#/jobs/train-1"],
  ["processing-job/check-1", "#/processing-jobs/check-1"],
  ["transform-job/score-1", "#/transform-jobs/score-1"],
  ["model-package/scorer/3", null],
  ["training-job/../x", null],
  ["", null],
])("the page of %s is %s", (resource, page) => {
  const arn = resource === "" ? undefined : `arn:aws:sagemaker:eu-central-1:123456789012:${resource}`;
  const found = consolePageOf("eu-central-1", arn);
  expect(found === null ? null : new URL(found).hash).toBe(page);
});

test("Studio's page is known with a domain, where its host is", () => {
  const of = { pipeline: "train", execution: "arn:aws:sagemaker:x:1:pipeline/train/execution/abc" };
  expect(studioPage("eu-west-1", "d-1", of)).toBe(
    "https://studio-d-1.studio.eu-west-1.sagemaker.aws/pipelines/view/train/executions/abc/graph",
  );
  expect(studioPage("eu-west-1", undefined, of)).toBeNull();
  expect(studioPage("cn-north-1", "d-1", of)).toBeNull();
});
