/**
 * The part of the topology that an incident is about, laid out to be drawn: callers left of what they call, what is
 * affected and what is suspected marked by shape and word.
 */
import { createServiceGraph, type Topology } from "../topology.ts";
import { oneLine } from "../view.ts";

export interface DrawnService {
  readonly name: string;
  /** Middle of its box, px. */
  readonly x: number;
  readonly y: number;
  /** Alerts of the incident on it; 0 when it is not affected. */
  readonly alerts: number;
  /** Place among the suspects, from 1; null when it is none. */
  readonly suspect: number | null;
}

export interface Drawing {
  /** Size of the whole, px. */
  readonly width: number;
  readonly height: number;
  readonly boxWidth: number;
  readonly boxHeight: number;
  readonly services: readonly DrawnService[];
  /** Indices into the services: who calls whom. */
  readonly calls: readonly (readonly [caller: number, callee: number])[];
  /** Services that are near and left out. */
  readonly omitted: number;
  /** The same in words, one line per service that matters. Untrusted text. */
  readonly words: readonly string[];
}

export interface DrawingQuestion {
  readonly topology: Topology;
  /** Service to its alerts in the incident. */
  readonly affected: ReadonlyMap<string, number>;
  /** Suspected services, best first. */
  readonly suspects: readonly string[];
}

const box = { width: 176, height: 46 } as const;
const gap = { x: 64, y: 22 } as const;
const margin = 16;
/** More boxes than this are a wall, not a picture. */
const maxServices = 40;
/** How far from what matters a service may be and still be drawn. */
const hops = 1;
const maxNamed = 6;

/**
 * @returns null when nothing that matters has a place in the topology and there is at most one service: a lone box
 * tells nothing.
 */
export function drawTopology(question: DrawingQuestion): Drawing | null {
  const { topology, affected, suspects } = question;
  const core = [...new Set([...suspects, ...affected.keys()])];
  const near = neighbourhood(topology, core);
  const shown = near.slice(0, maxServices);
  if (shown.length < 2) return null;
  const index = new Map(shown.map((name, at) => [name, at]));
  const calls = topology.edges.flatMap(([caller, callee]): [number, number][] => {
    const [from, to] = [index.get(caller), index.get(callee)];
    return from === undefined || to === undefined || from === to ? [] : [[from, to]];
  });
  const columns = columnsOf(shown.length, calls);
  const places = placesOf(columns);
  const services = shown.map((name, at): DrawnService => {
    const place = places[at] ?? { x: 0, y: 0 };
    const rank = suspects.indexOf(name);
    return { name, ...place, alerts: affected.get(name) ?? 0, suspect: rank === -1 ? null : rank + 1 };
  });
  return {
    width: Math.max(...services.map(({ x }) => x)) + box.width / 2 + margin,
    height: Math.max(...services.map(({ y }) => y)) + box.height / 2 + margin,
    boxWidth: box.width,
    boxHeight: box.height,
    services,
    calls,
    omitted: near.length - shown.length,
    words: wordsOf(services, calls),
  };
}

/** What matters first, then its neighbours by name. */
function neighbourhood(topology: Topology, core: readonly string[]): readonly string[] {
  const graph = createServiceGraph(topology);
  const around = new Set(core.flatMap((service) => [...graph.around(service, hops).keys()]));
  const others = [...around].filter((service) => !core.includes(service)).sort();
  return [...core, ...others];
}

/**
 * Column of each service: one right of the rightmost of its callers. Calls in a circle are followed once around, so
 * that the picture stays finite.
 */
function columnsOf(count: number, calls: readonly Call[]): readonly number[] {
  const columns = new Array<number>(count).fill(0);
  const isBack = backCalls(count, calls);
  for (let round = 0; round < count; round += 1) {
    let hasMoved = false;
    for (const [at, [caller, callee]] of calls.entries()) {
      if (isBack[at] === true) continue;
      const wanted = (columns[caller] ?? 0) + 1;
      if (wanted > (columns[callee] ?? 0)) {
        columns[callee] = wanted;
        hasMoved = true;
      }
    }
    if (!hasMoved) break;
  }
  return columns;
}

/** For each call whether it closes a circle. */
function backCalls(count: number, calls: readonly Call[]): readonly boolean[] {
  const out = Array.from({ length: count }, (): number[] => []);
  for (const [at, [caller]] of calls.entries()) out[caller]?.push(at);
  const isBack = new Array<boolean>(calls.length).fill(false);
  const state = new Array<"new" | "open" | "done">(count).fill("new");
  for (let start = 0; start < count; start += 1) {
    if (state[start] !== "new") continue;
    const stack: { node: number; next: number }[] = [{ node: start, next: 0 }];
    state[start] = "open";
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top === undefined) break;
      const call = out[top.node]?.[top.next];
      top.next += 1;
      if (call === undefined) {
        state[top.node] = "done";
        stack.pop();
        continue;
      }
      const callee = calls[call]?.[1] ?? 0;
      if (state[callee] === "open") isBack[call] = true;
      else if (state[callee] === "new") {
        state[callee] = "open";
        stack.push({ node: callee, next: 0 });
      }
    }
  }
  return isBack;
}

/** Boxes of a column below one another, each column in the middle of the height. */
function placesOf(columns: readonly number[]): readonly { readonly x: number; readonly y: number }[] {
  const used = [...new Set(columns)].sort((a, b) => a - b);
  const members = used.map((column) => columns.filter((each) => each === column).length);
  const tallest = Math.max(...members);
  const filled = used.map(() => 0);
  return columns.map((column) => {
    const at = used.indexOf(column);
    const row = filled[at] ?? 0;
    filled[at] = row + 1;
    const lead = (tallest - (members[at] ?? 0)) / 2;
    return {
      x: margin + box.width / 2 + at * (box.width + gap.x),
      y: margin + box.height / 2 + (lead + row) * (box.height + gap.y),
    };
  });
}

function wordsOf(services: readonly DrawnService[], calls: readonly Call[]): readonly string[] {
  const nameAt = (at: number) => oneLine(services[at]?.name ?? "", 80);
  return services
    .map((service, at) => ({ service, at }))
    .filter(({ service }) => service.suspect !== null || service.alerts > 0)
    .map(({ service, at }) => {
      const callees = calls.filter(([caller]) => caller === at).map(([, callee]) => nameAt(callee));
      const callers = calls.filter(([, callee]) => callee === at).map(([caller]) => nameAt(caller));
      const marks = [
        ...(service.suspect === null ? [] : [`suspect ${service.suspect}`]),
        ...(service.alerts === 0 ? [] : [alertWords(service.alerts)]),
      ];
      const links = [
        ...(callees.length === 0 ? [] : [`calls ${listed(callees)}`]),
        ...(callers.length === 0 ? [] : [`called by ${listed(callers)}`]),
      ];
      return `${oneLine(service.name, 80)}: ${[...marks, ...links].join("; ")}`;
    });
}

type Call = readonly [caller: number, callee: number];

/** "1 alert", "4 alerts" */
export function alertWords(count: number): string {
  return `${count} ${count === 1 ? "alert" : "alerts"}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - maxNamed;
  return `${names.slice(0, maxNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
