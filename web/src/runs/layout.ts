// Where the nodes of a graph stand: in columns from left to right, those of an iteration or a loop within its box.
// Knows no run.

import type { Graph, GraphEdge, GraphNode } from "./api";

export interface Box { node: GraphNode; x: number; y: number; width: number; height: number; holds: boolean }
export interface Way { edge: GraphEdge; path: string }
export interface Picture { boxes: Box[]; ways: Way[]; width: number; height: number }

const WIDTH = 236, HEIGHT = 104, ACROSS = 64, DOWN = 28, PADDING = 20, HEAD = 66;
/** What is drawn of pseudo-nodes with which the graph within a container begins. */
const BEGINNINGS = new Set(["iteration-start", "loop-start", "loop-end"]);
const SMALL = { width: 40, height: 40 };

interface Size { width: number; height: number }

export function layout(graph: Graph): Picture {
  const known = new Map(graph.nodes.map((node) => [node.id, node]));
  const within = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    const parent = known.has(node.parent) ? node.parent : "";
    within.set(parent, [...(within.get(parent) ?? []), node]);
  }
  const sizes = new Map<string, Size>();
  const places = new Map<string, { x: number; y: number }>();

  function measure(parent: string, depth: number): Size {
    const nodes = within.get(parent) ?? [];
    for (const node of nodes) {
      if (within.has(node.id) && depth < 20) {
        const inner = measure(node.id, depth + 1);
        sizes.set(node.id, { width: Math.max(WIDTH, inner.width + 2 * PADDING), height: inner.height + HEAD + PADDING });
      } else sizes.set(node.id, BEGINNINGS.has(node.type) ? SMALL : { width: WIDTH, height: HEIGHT });
    }
    const own = new Set(nodes.map((node) => node.id));
    const edges = graph.edges.filter((edge) => own.has(edge.source) && own.has(edge.target));
    const columns = ordered(columnsOf(nodes, edges), edges);
    let x = 0, height = 0;
    const tall = columns.map((column) => column.reduce((sum, id) => sum + sizes.get(id)!.height + DOWN, -DOWN));
    const most = Math.max(0, ...tall);
    columns.forEach((column, number) => {
      let y = (most - tall[number]!) / 2;
      const wide = Math.max(...column.map((id) => sizes.get(id)!.width));
      for (const id of column) {
        const size = sizes.get(id)!;
        places.set(id, { x: x + (wide - size.width) / 2, y });
        y += size.height + DOWN;
      }
      height = Math.max(height, y - DOWN);
      x += wide + ACROSS;
    });
    return { width: Math.max(0, x - ACROSS), height };
  }

  const whole = measure("", 0);
  const boxes: Box[] = [];
  function put(parent: string, x: number, y: number): void {
    for (const node of within.get(parent) ?? []) {
      const place = places.get(node.id), size = sizes.get(node.id);
      if (!place || !size) continue;
      const box = { node, x: x + place.x, y: y + place.y, ...size, holds: within.has(node.id) };
      boxes.push(box);
      if (box.holds) put(node.id, box.x + PADDING, box.y + HEAD);
    }
  }
  put("", PADDING, PADDING);
  const at = new Map(boxes.map((box) => [box.node.id, box]));
  const ways = graph.edges.flatMap((edge) => {
    const from = at.get(edge.source), to = at.get(edge.target);
    return from && to ? [{ edge, path: curve(from, to) }] : [];
  });
  return { boxes, ways, width: whole.width + 2 * PADDING, height: whole.height + 2 * PADDING };
}

/** Each node in the column behind the last one that leads to it. */
function columnsOf(nodes: GraphNode[], edges: GraphEdge[]): string[][] {
  const column = new Map(nodes.map((node) => [node.id, 0]));
  for (let round = 0, moved = true; moved && round < nodes.length; round++) {
    moved = false;
    for (const edge of edges) {
      const wanted = column.get(edge.source)! + 1;
      if (column.get(edge.target)! < wanted && wanted < nodes.length) {
        column.set(edge.target, wanted);
        moved = true;
      }
    }
  }
  const columns: string[][] = [];
  for (const node of nodes) (columns[column.get(node.id)!] ??= []).push(node.id);
  return Array.from(columns, (found) => found ?? []).filter((found) => found.length);
}

/** Within a column those come first whose sources do: fewer ways cross. */
function ordered(columns: string[][], edges: GraphEdge[]): string[][] {
  const rank = new Map<string, number>();
  for (const column of columns) {
    const weight = new Map(column.map((id, number) => {
      const from = edges.filter((edge) => edge.target === id && rank.has(edge.source)).map((edge) => rank.get(edge.source)!);
      return [id, from.length ? from.reduce((sum, one) => sum + one, 0) / from.length : number];
    }));
    column.sort((one, two) => weight.get(one)! - weight.get(two)!);
    column.forEach((id, number) => rank.set(id, number));
  }
  return columns;
}

function curve(from: Box, to: Box): string {
  const x = from.x + from.width, y = from.y + Math.min(from.height, HEIGHT) / 2;
  const toX = to.x, toY = to.y + Math.min(to.height, HEIGHT) / 2;
  const bend = Math.max(28, (toX - x) / 2);
  return `M ${x} ${y} C ${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
}
