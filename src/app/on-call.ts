/** Who is on call, whether tocsin.yaml has the turns or a calendar elsewhere. */
import { onCallAt, type Rota } from "../domain/people/on-call.ts";
import type { OnCallAnswer, RotaCalendar } from "../ports.ts";

export interface OnCall {
  /** By name of the rota. Asks calendars, so never inside a transaction. */
  at(moment: Date, names: readonly string[]): Promise<ReadonlyMap<string, OnCallAnswer>>;
}

export function createOnCall(rotas: readonly Rota[], calendars: readonly RotaCalendar[]): OnCall {
  async function answerOf(name: string, moment: Date): Promise<OnCallAnswer> {
    const calendar = calendars.find((one) => one.name === name);
    if (calendar !== undefined) return await calendar.at(moment);
    const rota = rotas.find((one) => one.name === name);
    if (rota === undefined) return { kind: "unknown", because: "it is no longer in tocsin.yaml" };
    const turn = onCallAt(rota, moment);
    return turn === null ? { kind: "nobody" } : { kind: "turn", ...turn };
  }

  return {
    at: async (moment, names) => {
      const asked = [...new Set(names)].map(async (name) => [name, await answerOf(name, moment)] as const);
      return new Map(await Promise.all(asked));
    },
  };
}
