/** What people have muted now. */
import type { MuteSettings } from "../../domain/suppression.ts";
import type { TriageOptions } from "./options.ts";

export async function readSettings({
  store,
  clock,
}: Pick<TriageOptions, "store" | "clock">): Promise<MuteSettings> {
  const now = clock.now();
  const { incidents } = store;
  const [silences, windows] = await Promise.all([incidents.silences(now), incidents.maintenance(now)]);
  return { silences, windows };
}
