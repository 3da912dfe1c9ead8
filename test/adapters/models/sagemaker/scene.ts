/** An endpoint of SageMaker that serves version 1 of a group of two. */
import { createSagemaker } from "../../../../src/adapters/models/sagemaker.ts";
import type { FaultScene } from "../../../contracts/model-faults.ts";
import { startFakeSagemaker } from "../../../fakes/sagemaker.ts";
import { startProxy } from "../proxy.ts";

export const environment = { KEY_ID: "AKIATESTTESTTEST", KEY: "secret-key-of-the-test-account" };

export async function openSagemaker(settings: Readonly<Record<string, unknown>> = {}, model = "scorer") {
  const aws = await startFakeSagemaker();
  const proxy = await startProxy(aws.url);
  for (const version of [1, 2])
    aws.packages.push({ version, status: "Completed", approval: "Approved", properties: {} });
  aws.sdkModels.set("by-hand", aws.arnOf(1));
  const variant = {
    VariantName: "all",
    ModelName: "by-hand",
    InitialInstanceCount: 2,
    InstanceType: "ml.m5.large",
  };
  aws.configs.set("by-hand", {
    body: {
      EndpointConfigName: "by-hand",
      ProductionVariants: [variant],
      DataCaptureConfig: { EnableCapture: true },
    },
    ...{ tags: [], createdAt: aws.tick() },
  });
  aws.endpoints.set("scorer-prod", {
    ...{ config: "by-hand", pending: null, status: "InService", modifiedAt: aws.tick(), reason: "" },
    ...{ ends: "InService", instances: 2, updates: [] },
  });
  const own = {
    ...{ region: "eu-central-1", endpointUrl: proxy.url, timeoutSeconds: 1, group: "scorer" },
    credentials: { accessKeyId: "env:KEY_ID", secretAccessKey: "env:KEY" },
    executionRole: "arn:aws:iam::123456789012:role/serving",
    endpoints: { production: "scorer-prod" },
    pipeline: {
      name: "train",
      parameters: { Commit: "{manifest.commit}", Depth: "{manifest.parameters.depth}" },
    },
    ...settings,
  };
  const restart = () => createSagemaker(new Map([[model, own]]), { environment });
  const endpoint = aws.endpoints.get("scorer-prod");
  if (endpoint === undefined) throw new Error("it was just made");
  const scene: FaultScene = {
    ...{ backend: restart(), model, environment: "production", from: "1", to: "2", proxy },
    comparesFences: true,
    remember: () => Promise.resolve(),
    restart: () => Promise.resolve(restart()),
    isStart: ({ headers }) => headers["x-amz-target"] === "SageMaker.UpdateEndpoint",
    begun: () => endpoint.updates.length,
    pass: () => undefined,
    close: async () => {
      await proxy.close();
      await aws.close();
    },
  };
  return { ...scene, aws, endpoint, settings: own, newBackend: restart };
}
