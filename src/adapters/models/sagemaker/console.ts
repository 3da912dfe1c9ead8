/** Pages where people see what the bot speaks of. */

/** Resources of SageMaker, as the first word of their ARN's last part, and their pages in the console. */
const pages: Readonly<Record<string, string>> = {
  endpoint: "endpoints",
  "training-job": "jobs",
  "processing-job": "processing-jobs",
  "transform-job": "transform-jobs",
};

/** The console's page of a resource; null for what has none, and in partitions whose console is not known. */
export function consolePage(region: string, kind: string, name: string): string | null {
  const host = hostOf(region);
  const page = Object.hasOwn(pages, kind) ? pages[kind] : undefined;
  if (host === null || page === undefined) return null;
  return `https://${host}/sagemaker/home?region=${region}#/${page}/${encodeURIComponent(name)}`;
}

/** The same, of "arn:aws:sagemaker:eu-central-1:123456789012:training-job/ranker-1". */
export function consolePageOf(region: string, arn: string | undefined): string | null {
  const [, kind = "", name = ""] = /:([a-z-]+)\/([A-Za-z0-9-]+)$/.exec(arn ?? "") ?? [];
  return consolePage(region, kind, name);
}

function hostOf(region: string): string | null {
  if (region.startsWith("cn-")) return "console.amazonaws.cn";
  if (region.startsWith("us-gov-")) return "console.amazonaws-us-gov.com";
  return /^(us-iso|eu-iso|eusc-)/.test(region) ? null : `${region}.console.aws.amazon.com`;
}

/** An execution's page in SageMaker Studio, the only place that shows one; null where no domain is set. */
export function studioPage(
  region: string,
  domain: string | undefined,
  { pipeline, execution }: { readonly pipeline: string; readonly execution: string },
): string | null {
  const id = execution.split("/").at(-1) ?? "";
  // Other partitions have other hosts, which AWS does not document.
  if (domain === undefined || id === "" || hostOf(region) !== `${region}.console.aws.amazon.com`) return null;
  const path = [pipeline, "executions", id, "graph"].map(encodeURIComponent).join("/");
  return `https://studio-${domain}.studio.${region}.sagemaker.aws/pipelines/view/${path}`;
}
