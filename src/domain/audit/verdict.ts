/** What a check of the audit log found, in words. */
import type { ChainVerdict } from "../audit.ts";

/** "1 entry", "2 entries". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** One line. */
export function verdictText(verdict: ChainVerdict): string {
  if (verdict.kind === "broken") {
    const { seq, reason, problem, entries } = verdict;
    return `broken at entry ${seq} (${reason}): ${problem}; ${counted(entries, "entry", "entries")} before it read`;
  }
  const { head, pruned, erased } = verdict;
  const end = head === null ? "" : `, the last is ${head.seq} with hash ${head.hash}`;
  const gone = pruned === 0 ? "" : `; ${counted(pruned, "older entry", "older entries")} pruned`;
  const blank = erased === 0 ? "" : `; ${counted(erased, "field")} erased`;
  return `intact: ${verdict.entries} entries${end}${gone}${blank}`;
}
