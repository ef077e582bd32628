// A graph as a picture, each node with its state, duration, tokens and price. Nodes are buttons.

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Graph, NodeRun } from "./api";
import { layout, type Box } from "./layout";
import { count, money, say, SIGNS, status, time } from "./said";

interface Given { graph: Graph; nodes: NodeRun[]; chosen: string; choose: (id: string) => void }

/** All executions of a node as one: in an iteration there are many. */
interface Sum { status: string; times: number; seconds: number; tokens: number; price: number; currency: string; error: string }

const WORST = ["failed", "exception", "stopped", "paused", "running", "retry", "succeeded"];

function sums(nodes: NodeRun[]): Map<string, Sum> {
  const found = new Map<string, Sum>();
  for (const node of nodes) {
    const known = found.get(node.node_id);
    const worse = !known || WORST.indexOf(node.status) < WORST.indexOf(known.status);
    found.set(node.node_id, {
      status: worse ? node.status : known.status,
      times: (known?.times ?? 0) + 1,
      seconds: (known?.seconds ?? 0) + node.elapsed_time,
      tokens: (known?.tokens ?? 0) + (node.total_tokens ?? 0),
      price: (known?.price ?? 0) + Number(node.total_price ?? 0),
      currency: node.currency ?? known?.currency ?? "",
      error: node.error ?? known?.error ?? "",
    });
  }
  return found;
}

export function Picture({ graph, nodes, chosen, choose }: Given) {
  const picture = useMemo(() => layout(graph), [graph]);
  const known = sums(nodes);
  const taken = new Set(nodes.map((node) => `${node.predecessor_node_id} ${node.node_id}`));
  const shown = useRef<HTMLDivElement>(null);
  const telling = nodes.find((node) => node.status === "failed")?.node_id ?? nodes.find((node) => node.status === "running")?.node_id;

  useEffect(() => {
    const box = picture.boxes.find((one) => one.node.id === telling);
    if (box && shown.current) shown.current.scrollLeft = box.x + box.width / 2 - shown.current.clientWidth / 2;
  }, [telling, picture]);

  return (
    <div class="wide card picture" tabIndex={0} role="region" aria-label={say("graph")} ref={shown}>
      <svg width={picture.width} height={picture.height} viewBox={`0 0 ${picture.width} ${picture.height}`} role="group" aria-label={say("graph")}>
        {picture.boxes.filter((box) => box.holds).map((box) => <Node key={box.node.id} {...{ box, known, chosen, choose }} />)}
        {picture.ways.map((way) => {
          const went = taken.has(`${way.edge.source} ${way.edge.target}`);
          return <path key={`${way.edge.source} ${way.edge.handle} ${way.edge.target}`} d={way.path} class={went ? "way taken" : "way"} />;
        })}
        {picture.boxes.filter((box) => !box.holds).map((box) => <Node key={box.node.id} {...{ box, known, chosen, choose }} />)}
      </svg>
    </div>
  );
}

function Node({ box, known, chosen, choose }: { box: Box; known: Map<string, Sum>; chosen: string; choose: (id: string) => void }) {
  const { node, x, y, width, height } = box;
  if (width < 100) return <circle class="beginning" cx={x + width / 2} cy={y + height / 2} r={7} />;
  const sum = known.get(node.id);
  const state = sum?.status ?? "idle";
  const took = sum && sum.status !== "running" ? ` · ${time(sum.seconds)}` : "";
  const spent = [sum?.tokens ? `${count(sum.tokens)} tok` : "", money(sum?.price ?? 0, sum?.currency ?? "")].filter(Boolean).join(" · ");
  const title = node.title || node.id;
  const times = sum && sum.times > 1 ? `×${count(sum.times)}` : "";
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(node.id);
  };
  return (
    <g
      class={`box ${state}${chosen === node.id ? " chosen" : ""}${box.holds ? " holds" : ""}`}
      transform={`translate(${x} ${y})`}
      role="button"
      tabindex={0}
      aria-description={sum?.error}
      aria-pressed={chosen === node.id}
      data-node={node.id}
      onClick={() => choose(node.id)}
      onKeyDown={press}
    >
      <rect width={width} height={height} rx={10} />
      <text x={14} y={24} class="sign">{SIGNS[state]}</text>
      <text x={34} y={24} class="name">{cut(title, 23)}</text>
      <text x={34} y={42} class="kind">{cut(node.type + (times && ` ${times}`), LETTERS)}</text>
      <text x={34} y={59} class="facts">{cut(status(state) + took, LETTERS)}</text>
      <text x={34} y={76} class="facts">{box.holds ? "" : cut(spent, LETTERS)}</text>
      {sum?.error && !box.holds && <text x={34} y={92} class="message">{cut(sum.error, LETTERS)}</text>}
    </g>
  );
}

const LETTERS = 27;

/** Wide letters count for two, capitals for a little more than one. */
function cut(text: string, most: number): string {
  let room = most;
  const letters = [...text];
  for (let place = 0; place < letters.length; place++) {
    const letter = letters[place]!;
    room -= letter > "\u2e80" ? 2 : letter >= "A" && letter <= "Z" ? 1.25 : 1;
    if (room < 0) return `${letters.slice(0, Math.max(0, place - 1)).join("")}…`;
  }
  return text;
}
