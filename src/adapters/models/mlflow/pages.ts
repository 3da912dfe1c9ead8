import type { MlflowSettings } from "./settings.ts";

/** The page of a version in MLflow's own pages, below the address of its server: these routes are in the hash. */
export function versionPage({ url }: Pick<MlflowSettings, "url">, model: string, version: string): string {
  const page = new URL(url);
  page.hash = `/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}`;
  return page.href;
}
