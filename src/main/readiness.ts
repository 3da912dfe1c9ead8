import type { OpenStore } from "../adapters/store/store.ts";
import type { Triage } from "../app/triage.ts";
import { isAside, nameOfTrouble } from "../domain/chat/trouble.ts";
import { duration, oneLine } from "../domain/view.ts";
import type { ReadinessCheck } from "../http.ts";
import type { Chat, Trouble } from "../ports.ts";
import type { TriageLag } from "./triage-lag.ts";

/** More than anybody reads. */
const maxTroubles = 20;
/** Less is usual in a storm. */
const noticeableMs = 5_000;

/**
 * What `/readyz` answers. Chat platforms that are away are shown and do not count: webhooks are taken all the same,
 * and cards follow when they are back.
 */
export function createReadiness(parts: {
  readonly store: OpenStore;
  readonly triage: Triage;
  readonly triageLag: Pick<TriageLag, "ms">;
  readonly chats: ReadonlyMap<string, Chat>;
}): () => Promise<readonly ReadinessCheck[]> {
  return async () => {
    const database = await parts.store.ping().then(
      () => ({ name: "database", isReady: true, detail: "answers" }),
      () => ({ name: "database", isReady: false, detail: "does not answer; webhooks get 503 until it does" }),
    );
    const leads = parts.triage.isLeader() ? "leads" : "another replica leads, or none yet";
    const triage = { name: "triage", isReady: true, detail: leads + lagText(parts.triageLag.ms() ?? 0) };
    const troubles = database.isReady ? await parts.store.troubles.open(maxTroubles) : [];
    const chats = [...parts.chats.values()].map((chat) => {
      const state = chat.isConnected() ? "connected" : "not connected; its cards wait";
      const own = troubles.filter(({ platform }) => platform === chat.platform);
      return { name: chat.platform, isReady: true, detail: [state, ...own.map(troubleText)].join("; ") };
    });
    return [database, triage, ...chats];
  };
}

function lagText(lagMs: number): string {
  return lagMs < noticeableMs ? "" : `; the oldest delivery waits for ${duration(lagMs)}`;
}

function troubleText(trouble: Trouble): string {
  const what = isAside(trouble) ? "leaves something out" : "takes no messages";
  return `${nameOfTrouble(trouble)} ${what}: ${oneLine(trouble.problem, 200)}`;
}
