/** Moves of a registry's pointer that webhooks told of, between two looks: what came and went is told by nothing else. */
import type { Change } from "../change.ts";
import type { ServingRecord } from "../serving.ts";
import { outsidePrefix } from "./change.ts";

/** What the pointer was set to, and when. */
export interface ToldMove {
  /** Null when the pointer was removed. */
  readonly version: string | null;
  readonly at: Date;
}

/**
 * What was told of a place since its newest record began, oldest first; nothing twice in a row.
 * @param changes - by time.
 * @returns empty unless it ends at what a look sees: else a move is still to be told, or the look is older than it.
 */
export function movesTo(
  seen: string | null,
  changes: readonly Pick<Change, "id">[],
  previous: Pick<ServingRecord, "model" | "environment" | "version" | "since">,
): readonly ToldMove[] {
  const moves: ToldMove[] = [];
  for (const { id } of changes) {
    const move = moveOf(id, previous);
    if (move === null || move.at <= previous.since) continue;
    const before = moves.length === 0 ? previous.version : moves.at(-1)?.version;
    if (move.version !== before) moves.push(move);
  }
  return moves.at(-1)?.version === seen ? moves : [];
}

/** "outside:fraud/production:3:2026-03-02T10:00:00.000Z"; null for a change of another place, or of another kind. */
function moveOf(id: string, place: Pick<ServingRecord, "model" | "environment">): ToldMove | null {
  const start = outsidePrefix({ ...place, version: "" }).slice(0, -1);
  if (!id.startsWith(start)) return null;
  const [, version = "", time = ""] = /^(.*):(\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(id.slice(start.length)) ?? [];
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return null;
  const nothing = outsidePrefix({ ...place, version: null }).slice(start.length, -1);
  return { version: version === nothing ? null : version, at };
}
