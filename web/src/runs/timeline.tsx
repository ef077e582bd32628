// When each thing was done: a bar each, a thinner one for each model or tool that was asked meanwhile.

import type { Call, NodeRun, Run } from "./api";
import { count, money, say, SIGNS, status, time } from "./said";

const MOST = 300;
const HEIGHT = 22;

export interface Bar {
  key: string; name: string; kind: string; status: string; at: number; took: number; spent: string; calls: Call[]; first: number | null; open?: () => void;
}

export const spent = (tokens: number | null, price: string | null, currency: string | null) =>
  [tokens ? `${count(tokens)} ${say("tokens").toLowerCase()}` : "", money(price, currency)].filter(Boolean).join(" · ");

export function ofNodes(nodes: NodeRun[], choose: (id: string) => void): Bar[] {
  return nodes.map((node) => ({
    key: `${node.id} ${node.round}`,
    name: (node.title || node.node_id) + (node.round === null ? "" : ` #${node.round + 1}`),
    kind: node.status,
    status: node.status,
    at: node.started_at,
    took: node.status === "running" ? Date.now() / 1000 - node.started_at : node.elapsed_time,
    spent: spent(node.total_tokens, node.total_price, node.currency),
    calls: node.calls,
    first: null,
    open: () => choose(node.node_id),
  }));
}

/** Models and tools that were asked one after the other, with the time to the first word of each model. */
export function ofCalls(calls: Call[], currency: string): Bar[] {
  return calls.map((call, number) => ({
    key: String(number),
    name: call.label.split(";").join(", "),
    kind: call.error ? "failed" : call.model ? "model" : "tool",
    status: call.error ? "failed" : "succeeded",
    at: call.started_at,
    took: call.elapsed_time,
    spent: spent(call.total_tokens, call.total_price, currency),
    calls: [],
    first: call.time_to_first_token,
  }));
}

export function Timeline({ run, bars }: { run: Run; bars: Bar[] }) {
  const shown = [...bars].sort((one, other) => one.at - other.at).slice(0, MOST);
  const begin = Math.min(run.created_at, ...shown.map((bar) => bar.at));
  const end = Math.max(begin + 0.001, run.finished_at ?? 0, ...shown.map((bar) => bar.at + bar.took));
  const share = (moment: number) => `${Math.min(99.7, Math.max(0, ((moment - begin) / (end - begin)) * 100))}%`;
  const length = (seconds: number) => `${Math.max(0.3, Math.min(100, (seconds / (end - begin)) * 100))}%`;
  const name = (bar: Bar) => (
    <span class="label">
      <span class={`mark ${bar.status}`} aria-hidden="true">{SIGNS[bar.status]}</span> {bar.name}<span class="hidden">, {status(bar.status)}</span>
    </span>
  );
  const first = (from: number, after: number | null, y: number, height: number) =>
    after !== null && <rect class="first" x={share(from + after)} y={y} width={2} height={height}><title>{`${say("sooner")} ${time(after)}`}</title></rect>;
  const line = (bar: Bar) => (
    <>
      {name(bar)}
      <svg width="100%" height={HEIGHT + bar.calls.length * 7} aria-hidden="true">
        <rect class={`bar ${bar.kind}`} x={share(bar.at)} y={4} width={length(bar.took)} height={14} rx={3} />
        {first(bar.at, bar.first, 1, 20)}
        {bar.calls.map((call, number) => (
          <g key={number}>
            <rect class="call" x={share(call.started_at)} y={21 + number * 7} width={length(call.elapsed_time)} height={4} rx={2}>
              <title>{`${call.label} ${time(call.elapsed_time)}`}</title>
            </rect>
            {first(call.started_at, call.time_to_first_token, 20 + number * 7, 6)}
          </g>
        ))}
      </svg>
      <span class="took">{time(bar.took)}{bar.spent && <small>{bar.spent}</small>}</span>
    </>
  );
  return (
    <div class="timeline card">
      <p class="scale" aria-hidden="true"><span /><span class="marks"><span>0</span><span>{time((end - begin) / 2)}</span><span>{time(end - begin)}</span></span><span /></p>
      <ol>
        {shown.map((bar) => (
          <li key={bar.key}>{bar.open ? <button class="row" onClick={bar.open}>{line(bar)}</button> : <div class="row">{line(bar)}</div>}</li>
        ))}
      </ol>
    </div>
  );
}
