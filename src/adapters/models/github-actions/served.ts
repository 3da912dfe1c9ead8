/** What GitHub's deployments say served: those that a workflow with `environment:` makes, or makes by itself. */

import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Deployment, GithubApi } from "./api.ts";

/** Newest deployments whose statuses are asked for. */
const maxDeployments = 10;

/** Newest first: deployments that were a success, also where another has replaced them since ("inactive"). */
export async function servedHistory(
  api: GithubApi,
  environment: string,
  prefix: string,
): Promise<readonly { readonly version: string; readonly from: Date; readonly by: string | null }[]> {
  const deployments = await api.deployments(environment, maxDeployments);
  const served = await Promise.all(
    deployments.slice(0, maxDeployments).map(async (deployment) => {
      const version = versionOf(deployment, prefix);
      if (version === null) return [];
      const success = (await api.deploymentStatuses(deployment.id)).find(({ state }) => state === "success");
      if (success === undefined) return [];
      const by = deployment.creator?.login ?? null;
      return [{ version, from: new Date(success.created_at), by: by === null ? null : oneLine(by, 100) }];
    }),
  );
  return served.flat();
}

const payload = z.object({ version: z.union([z.string().min(1), z.number()]).transform(String) });

/** Its payload's `version`, or the tag it was made on; null for one of a branch. */
function versionOf({ payload: given, ref }: Deployment, prefix: string): string | null {
  const parsed = payload.safeParse(typeof given === "string" ? jsonOf(given) : given);
  if (parsed.success) return oneLine(parsed.data.version, 200);
  const tag = ref.replace(/^refs\/tags\//, "");
  return prefix !== "" && tag.startsWith(prefix) ? tag.slice(prefix.length) : null;
}
