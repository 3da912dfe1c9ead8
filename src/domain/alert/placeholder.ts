/**
 * Values that senders write where they know none, and names that are another thing on every machine. Istio's telemetry
 * has "unknown" for what is outside the mesh, and clusters of its own for what it only passes through.
 * @see https://istio.io/latest/docs/reference/config/metrics/
 */
const placeholders: ReadonlySet<string> = new Set([
  "",
  "-",
  "--",
  "*",
  "?",
  "0.0.0.0",
  "127.0.0.1",
  "::1",
  "all",
  "any",
  "blackholecluster",
  "default",
  "empty",
  "false",
  "inboundpassthroughcluster",
  "inboundpassthroughclusteripv4",
  "inboundpassthroughclusteripv6",
  "localhost",
  "n/a",
  "na",
  "nil",
  "none",
  "null",
  "other",
  "passthroughcluster",
  "true",
  "undefined",
  "unknown",
  "unspecified",
]);
const longest = 29;

/** Whether a value of a label stands for none, in any case of letters, bare or in brackets: "<none>", "(unknown)". */
export function isPlaceholder(value: string): boolean {
  if (value.length > longest + 2) return false;
  const bare = value.trim().replace(/^[<([{](.*)[>)\]}]$/, "$1");
  return placeholders.has(bare.toLowerCase());
}
