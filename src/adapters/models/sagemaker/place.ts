/** One model of the settings, and the endpoint that serves it in one environment. */
import { type PlannedOperation, refusePlan } from "../../../ports/model.ts";
import type { Sagemaker } from "./client.ts";
import { describeConfig, describeEndpoint, type Look, servedVersion } from "./endpoint.ts";
import type { KnownConfigs } from "./history.ts";
import { findVersion, unfitness } from "./packages.ts";
import type { SagemakerSettings } from "./settings.ts";

export interface Place {
  readonly model: string;
  readonly settings: SagemakerSettings;
  readonly sagemaker: Sagemaker;
  readonly configs: KnownConfigs;
}

export function endpointOf({ model, settings: { endpoints } }: Place, environment: string): string {
  const name = Object.hasOwn(endpoints, environment) ? endpoints[environment] : undefined;
  if (name === undefined)
    throw new Error(
      `sagemaker: ${model} has no endpoint in ${environment}; set models.${model}.settings.endpoints.${environment}`,
    );
  return name;
}

/** The endpoint and what it serves with. @throws Error when there is none: the first is made by a person. */
export async function lookAt(place: Place, environment: string): Promise<Look> {
  const { sagemaker } = place;
  const name = endpointOf(place, environment);
  const endpoint = await describeEndpoint(sagemaker, name);
  if (endpoint === null)
    throw new Error(`sagemaker: there is no endpoint ${name}; make it once, with its first version`);
  const config = await describeConfig(sagemaker, endpoint.EndpointConfigName ?? "");
  if (config === null) throw new Error(`sagemaker: the configuration that ${name} serves with was deleted`);
  return { name, endpoint, config, version: await servedVersion(sagemaker, config) };
}

/** Why `to` cannot serve, or null. */
export async function unservable(
  { model, settings: own, sagemaker }: Place,
  { to, ...operation }: Pick<PlannedOperation, "to" | "kind" | "restore">,
) {
  const old = restoredConfig(operation);
  if (old !== null && (await describeConfig(sagemaker, old)) === null)
    return refusePlan(
      "missing_artifact",
      `The configuration ${old} was deleted.`,
      "Deploy the version anew.",
    );
  const found = await findVersion(sagemaker, own.group ?? "", to ?? "");
  if (found === null)
    return refusePlan(
      "unknown_version",
      `The group ${own.group} has no version ${to}.`,
      `See: models ${model}.`,
    );
  const unfit = unfitness(found, own.approval);
  return unfit === null ? null : refusePlan(unfit.reason, unfit.problem, unfit.remedy);
}

/** The configuration that a rollback goes back to, kept when it was replaced. */
export function restoredConfig({ kind, restore }: Pick<PlannedOperation, "kind" | "restore">): string | null {
  const name = kind === "rollback" ? restore?.["endpointConfig"] : undefined;
  return typeof name === "string" ? name : null;
}
