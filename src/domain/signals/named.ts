import { defineSignal, type SeenAlert, type SignalContext } from "../clustering/signal.ts";

const named = 0.4;
const namedAcross = 3;
/** A service that more than this share of all alerts name ties none of them. */
const usualShare = 1 / 2;
/** Of what the service graph does not know, names count in full when fewer of those than one in this many are usual. */
const rareOf = 10;

/** The service that one of two alerts is about and the other names, or that both name; null when there is none. */
function namedBy(a: SeenAlert, b: SeenAlert): { readonly service: string; readonly isOwn: boolean } | null {
  if (b.entity !== null && a.names.includes(b.entity)) return { service: b.entity, isOwn: true };
  if (a.entity !== null && b.names.includes(a.entity)) return { service: a.entity, isOwn: true };
  const service = a.names.find((name) => b.names.includes(name));
  return service === undefined ? null : { service, isOwn: false };
}

/**
 * How much a name says, 0 to 1. What all alerts name, such as the monitoring that sent them, says nothing; and a name of
 * which it is not known that it is one of a service has to be rare besides: at first, nothing is known to be.
 */
function shareOf(
  { service, isOwn }: { readonly service: string; readonly isOwn: boolean },
  at: number,
  { history, graph }: SignalContext,
): number {
  const rarity = history.rarityOfName(service, at);
  const usual = -Math.log(usualShare);
  const share = isOwn || graph.has(service) ? rarity / usual : (rarity - usual) / Math.log(rareOf);
  return Math.max(0, Math.min(1, share));
}

/** One alert speaks of the other's service, or both speak of the same third one. */
export default defineSignal({
  name: "named",
  summary: "One alert names the service that the other is about, or both name the same one that few name.",
  isSymmetric: true,
  range: [0, namedAcross],
  score(a, b, context) {
    if (a.names.length === 0 && b.names.length === 0) return null;
    const found = namedBy(a, b);
    if (found === null) return null;
    const share = shareOf(found, Math.min(a.at, b.at), context);
    if (share === 0) return null;
    // Inside one component the topology has said most of it already.
    return share * (a.component !== null && a.component === b.component ? named : namedAcross);
  },
  because(a, b) {
    if (b.entity !== null && a.names.includes(b.entity))
      return `${a.name} on ${a.entity ?? "no named service"} names ${b.entity}`;
    if (a.entity !== null && b.names.includes(a.entity))
      return `${b.name} on ${b.entity ?? "no named service"} names ${a.entity}`;
    return `both name ${namedBy(a, b)?.service}`;
  },
});
