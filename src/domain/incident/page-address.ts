/**
 * Address of an incident's page in the console.
 * @param consoleUrl - where people reach the console, with or without a slash at its end.
 */
export function incidentPageUrl(consoleUrl: string, id: number): string {
  return `${consoleUrl.replace(/\/+$/, "")}/incidents/${id}`;
}
