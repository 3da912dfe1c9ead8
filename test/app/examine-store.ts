import { examine } from "../../src/app/doctor.ts";
import type { Clock, Finding, Store } from "../../src/ports.ts";

/** What doctor finds in a store, with nothing else to look at. */
export function examineStore(store: Store, clock: Clock): Promise<readonly Finding[]> {
  return examine({
    store,
    databaseTime: () => Promise.resolve(clock.now()),
    database: "test",
    chats: [],
    channels: [],
    openSources: [],
    closedSources: [],
    startFindings: [],
    clock,
  });
}
