import { describe, expect, test } from "vitest";
import { consolePage, consolePageOf, studioPage } from "../../../../src/adapters/models/sagemaker/console.ts";

/** The hosts as the user guides of the three partitions sign in to them; each reads the region from the query. */
const consoles = [
  ["aws", "eu-central-1", "https://eu-central-1.console.aws.amazon.com/sagemaker/home?region=eu-central-1#"],
  ["aws", "us-east-1", "https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1#"],
  ["aws-cn", "cn-north-1", "https://console.amazonaws.cn/sagemaker/home?region=cn-north-1#"],
  ["aws-cn", "cn-northwest-1", "https://console.amazonaws.cn/sagemaker/home?region=cn-northwest-1#"],
  [
    "aws-us-gov",
    "us-gov-west-1",
    "https://console.amazonaws-us-gov.com/sagemaker/home?region=us-gov-west-1#",
  ],
  [
    "aws-us-gov",
    "us-gov-east-1",
    "https://console.amazonaws-us-gov.com/sagemaker/home?region=us-gov-east-1#",
  ],
] as const;

const resources = [
  ["endpoint/scorer-prod", "/endpoints/scorer-prod"],
  ["training-job/train-1", "/jobs/train-1"],
  ["processing-job/check-1", "/processing-jobs/check-1"],
  ["transform-job/score-1", "/transform-jobs/score-1"],
] as const;

describe.each(consoles)("in partition %s, region %s", (partition, region, console) => {
  test.each(resources)("the page of %s is its own", (resource, page) => {
    const arn = `arn:${partition}:sagemaker:${region}:123456789012:${resource}`;
    expect(consolePageOf(region, arn)).toBe(`${console}${page}`);
    const [kind = "", name = ""] = resource.split("/");
    expect(consolePage(region, kind, name)).toBe(`${console}${page}`);
  });

  test.each([
    ["what has none", "model-package/scorer/3"],
    ["a name that is none", "training-job/../x"],
    ["a word that every object has", "constructor/x"],
    ["nothing", ""],
  ])("%s has no page", (_, resource) => {
    expect(consolePageOf(region, `arn:${partition}:sagemaker:${region}:123456789012:${resource}`)).toBeNull();
    expect(consolePageOf(region, undefined)).toBeNull();
  });
});

test.each(["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1"])(
  "in %s, whose console is not documented, nothing has a page",
  (region) => {
    expect(consolePage(region, "endpoint", "a")).toBeNull();
  },
);

test("a name never leaves its place in the address", () => {
  expect(consolePage("eu-central-1", "endpoint", "a/b?c#d")).toBe(
    "https://eu-central-1.console.aws.amazon.com/sagemaker/home?region=eu-central-1#/endpoints/a%2Fb%3Fc%23d",
  );
});

describe("the page of an execution in Studio", () => {
  const execution = (partition: string, region: string) =>
    `arn:${partition}:sagemaker:${region}:123456789012:pipeline/train/execution/abc123`;
  const known =
    "https://studio-d-1.studio.eu-west-1.sagemaker.aws/pipelines/view/train/executions/abc123/graph";

  test.each([
    ["aws", "eu-west-1", "d-1", known],
    ["aws", "eu-west-1", undefined, null],
    ["aws-cn", "cn-north-1", "d-1", null],
    ["aws-us-gov", "us-gov-west-1", "d-1", null],
  ])("in partition %s, region %s, of domain %s is %s", (partition, region, domain, page) => {
    const of = { pipeline: "train", execution: execution(partition, region) };
    expect(studioPage(region, domain, of)).toBe(page);
  });

  test("is none without an execution", () => {
    expect(studioPage("eu-west-1", "d-1", { pipeline: "train", execution: "" })).toBeNull();
  });
});
