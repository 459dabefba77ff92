// The states of a rule pack as a drawing: layers from left to right by how many steps lead there from a start, the
// order within a layer by where its neighbours stand, so that lines cross little.
import type { Content } from "./pack";

export interface Node {
  state: string;
  x: number;
  y: number;
  start: boolean;
  final: boolean;
}

/** A line from one state to another with all actions that take it; `back` leads to an earlier layer. */
export interface Edge {
  from: string;
  to: string;
  actions: string[];
  back: boolean;
  path: string;
}

export interface Drawing {
  nodes: Node[];
  edges: Edge[];
  width: number;
  height: number;
}

export const NODE = { width: 112, height: 38 };
const GAP = { x: 40, y: 34 };
const MARGIN = 16;
const SWEEPS = 8;

/** Which action leads from which state to which; steps that change no state are left out. */
export function linesOf(content: Pick<Content, "states" | "steps">): Pick<Edge, "from" | "to" | "actions">[] {
  const lines = new Map<string, Pick<Edge, "from" | "to" | "actions">>();
  for (const step of content.steps) {
    const from = step.from === "any" ? Object.keys(content.states) : step.from;
    for (const state of from) {
      if (step.to === "same" || step.to === state) continue;
      const key = `${state} ${step.to}`;
      const line = lines.get(key) ?? { from: state, to: step.to, actions: [] };
      if (!line.actions.includes(step.action)) line.actions.push(step.action);
      lines.set(key, line);
    }
  }
  return [...lines.values()];
}

/** The layer of every state: the fewest steps from where things begin. What begins later than others is led up to. */
export function layersOf(states: readonly string[], lines: readonly Pick<Edge, "from" | "to">[]): Map<string, number> {
  const entered = new Set(lines.map((line) => line.to));
  const layers = new Map<string, number>();
  let front = states.filter((state) => !entered.has(state));
  if (front.length === 0) front = states.slice(0, 1);
  for (let depth = 0; front.length > 0; depth += 1) {
    for (const state of front) layers.set(state, depth);
    const next = lines.filter((line) => front.includes(line.from) && !layers.has(line.to)).map((line) => line.to);
    front = [...new Set(next)];
  }
  const last = Math.max(0, ...layers.values());
  for (const state of states) if (!layers.has(state)) layers.set(state, last);
  return layers;
}

/** The states of each layer, in an order in which lines cross little (barycentres, swept to and fro). */
function ordered(states: readonly string[], lines: readonly Pick<Edge, "from" | "to">[]): string[][] {
  const layers = layersOf(states, lines);
  const columns: string[][] = [];
  for (const state of states) (columns[layers.get(state)!] ??= []).push(state);
  const rank = new Map<string, number>();
  const settle = (column: string[]) => column.forEach((state, at) => rank.set(state, at - (column.length - 1) / 2));
  columns.forEach(settle);
  const pull = (state: string) => {
    const near = lines.flatMap((line) => (line.from === state ? [line.to] : line.to === state ? [line.from] : []));
    return near.length === 0 ? rank.get(state)! : near.reduce((sum, other) => sum + rank.get(other)!, 0) / near.length;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of sweep % 2 === 0 ? columns : [...columns].reverse()) {
      const pulls = new Map(column.map((state) => [state, pull(state)]));
      column.sort((one, other) => pulls.get(one)! - pulls.get(other)!);
      settle(column);
    }
  }
  return columns;
}

/** The whole drawing, in units of pixels. */
export function draw(content: Pick<Content, "states" | "steps">): Drawing {
  const states = Object.keys(content.states);
  const lines = linesOf(content);
  const columns = ordered(states, lines);
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = tallest * (NODE.height + GAP.y) - GAP.y + 2 * MARGIN;
  const nodes = columns.flatMap((column, layer) => {
    const top = (height - (column.length * (NODE.height + GAP.y) - GAP.y)) / 2;
    return column.map((state, at) => ({
      state,
      x: MARGIN + layer * (NODE.width + GAP.x),
      y: top + at * (NODE.height + GAP.y),
      start: content.states[state]!.start !== undefined,
      final: content.states[state]!.final === true,
    }));
  });
  const placed = new Map(nodes.map((node) => [node.state, node]));
  const edges = lines.map((line) => {
    const [from, to] = [placed.get(line.from)!, placed.get(line.to)!];
    return { ...line, back: to.x < from.x, path: curve(from, to) };
  });
  return { nodes, edges, width: 2 * MARGIN + columns.length * (NODE.width + GAP.x) - GAP.x, height };
}

/** From the right side of one to the left side of the other; backwards over the top or under the bottom of both. */
function curve(from: Node, to: Node): string {
  const middle = NODE.height / 2;
  if (to.x > from.x) {
    const [x, y, x2, y2] = [from.x + NODE.width, from.y + middle, to.x - 5, to.y + middle];
    const bend = Math.max(24, (x2 - x) / 2);
    return `M${x} ${y}C${x + bend} ${y} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  const above = to.y <= from.y ? -1 : 1;
  const edge = above < 0 ? 0 : NODE.height;
  const [x, y, x2, y2] = [from.x + NODE.width * 0.4, from.y + edge, to.x + NODE.width * 0.6, to.y + NODE.height - edge];
  if (to.x === from.x) return `M${x} ${y}L${x} ${y2 - above * 5}`;
  const far = Math.min(GAP.y, 12 + (from.x - to.x) / 30) * above;
  const over = above < 0 ? Math.min(y, to.y) : Math.max(y, to.y + NODE.height);
  return `M${x} ${y}C${x} ${over + far} ${x2} ${over + far} ${x2} ${(above < 0 ? to.y : to.y + NODE.height) + above * 5}`;
}
