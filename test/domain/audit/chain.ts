import {
  type AuditEntry,
  type AuditHead,
  type ChainVerdict,
  createChainCheck,
} from "../../../src/domain/audit.ts";

/** Checks a whole chain in memory; see createChainCheck. */
export function verifyChain(entries: Iterable<AuditEntry>, heads: readonly AuditHead[] = []): ChainVerdict {
  const check = createChainCheck({ heads });
  for (const entry of entries) if (check.add(entry) !== null) break;
  return check.end();
}
