/** `digests` of tocsin.yaml. */
import type { DigestSchedule } from "../domain/digest/schedule.ts";
import type { Rota } from "../domain/people/on-call.ts";
import { ConfigError } from "./error.ts";
import type { FileConfig } from "./file.ts";

/** @throws ConfigError when a hand-over names a rota that there is not. */
export function digestsOf(
  digests: FileConfig["digests"],
  rotas: readonly Pick<Rota, "name">[],
): readonly DigestSchedule[] {
  return digests.map(({ handover = null, ...schedule }, index) => {
    if (handover !== null && !rotas.some(({ name }) => name === handover)) {
      const known = rotas.map(({ name }) => name).join(", ") || "none";
      throw new ConfigError(
        `tocsin.yaml digests.${index}.handover: names the rota "${handover}"; ` +
          `add onCall.${handover}, or name one that there is (${known})`,
      );
    }
    return { ...schedule, handover };
  });
}
