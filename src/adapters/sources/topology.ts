import { isRecord, own, shown, textOfValue } from "../../domain/alert/intake.ts";
import type { Edge } from "../../domain/topology.ts";
import { defineSource, type ParseResult } from "../../ports/source.ts";

const remedy =
  'Send the whole graph: {"edges": [["caller", "callee"], ...], "services": ["name", ...]}; it replaces what was sent before.';

/** Bounds what one delivery can make the correlator hold. */
const maxEdges = 100_000;
const maxServices = 50_000;

/**
 * Who calls whom. A delivery replaces the graph that this source sent before, so one unreadable edge refuses it
 * whole: half a graph would silently drop the other half.
 */
export default defineSource({
  name: "topology",
  summary: "the directed graph of services, caller to callee",
  checks: ["bearer", "basic", "token"],
  parse,
});

function parse(body: unknown): ParseResult {
  if (!isRecord(body)) return refuse(`the body must be an object; got ${shown(body)}`);
  const edges = readEdges(own(body, "edges"));
  if (typeof edges === "string") return refuse(edges);
  const services = readServices(own(body, "services"));
  if (typeof services === "string") return refuse(services);
  if (own(body, "edges") === undefined && own(body, "services") === undefined) {
    return refuse('neither "edges" nor "services" is there');
  }
  return { kind: "parsed", delivery: { alerts: [], changes: [], topology: { edges, services } } };
}

function refuse(problem: string): ParseResult {
  return { kind: "unparseable", problem, remedy };
}

function readEdges(value: unknown): readonly Edge[] | string {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return `"edges" must be a list; got ${shown(value)}`;
  if (value.length > maxEdges) return `"edges" may hold ${maxEdges}; got ${value.length}`;
  const edges = new Map<string, Edge>();
  for (const [index, entry] of value.entries()) {
    const edge = readEdge(entry);
    if (edge === null) return `edges[${index}] must be ["caller", "callee"]; got ${shown(entry)}`;
    // A service that calls itself says nothing about who depends on whom.
    if (edge[0] !== edge[1]) edges.set(JSON.stringify(edge), edge);
  }
  return [...edges.values()];
}

function readEdge(entry: unknown): Edge | null {
  const [caller, callee] = isRecord(entry)
    ? [own(entry, "caller"), own(entry, "callee")]
    : Array.isArray(entry) && entry.length === 2
      ? entry
      : [];
  const from = nameOf(caller);
  const to = nameOf(callee);
  return from === null || to === null ? null : [from, to];
}

function readServices(value: unknown): readonly string[] | string {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return `"services" must be a list; got ${shown(value)}`;
  if (value.length > maxServices) return `"services" may hold ${maxServices}; got ${value.length}`;
  const names = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const name = nameOf(entry);
    if (name === null) return `services[${index}] must be a name; got ${shown(entry)}`;
    names.add(name);
  }
  return [...names];
}

function nameOf(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? textOfValue(value, 256) : null;
}
