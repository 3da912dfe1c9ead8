/** Where one is, by the address. */

const pageNames = new Set(["home", "incidents", "models", "rollouts", "audit", "noise", "settings"]);

/**
 * A page by its path and query, or a channel with the message whose thread is open; nothing for the first channel.
 * @returns {{ page?: string, channel?: string, message?: number }}
 */
export function pathParts() {
  const [, first = "", second, third] = location.pathname.split("/");
  if (pageNames.has(first)) return { page: location.pathname + location.search };
  if (first !== "channels" || second === undefined) return {};
  return { channel: decodeURIComponent(second), ...(third === undefined ? {} : { message: Number(third) }) };
}
