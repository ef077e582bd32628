// When each node ran, and when models and tools were asked. A bar a node, a thinner one for each call.

import type { NodeRun, Run } from "./api";
import { say, SIGNS, status, time } from "./said";

const MOST = 300;
const HEIGHT = 22;

export function Timeline({ run, nodes, choose }: { run: Run; nodes: NodeRun[]; choose: (id: string) => void }) {
  const shown = [...nodes].sort((one, other) => one.started_at - other.started_at).slice(0, MOST);
  const begin = Math.min(run.created_at, ...shown.map((node) => node.started_at));
  const now = Date.now() / 1000;
  const end = Math.max(begin + 0.001, ...shown.map((node) => (node.status === "running" ? now : node.started_at + node.elapsed_time)));
  const share = (moment: number) => `${Math.min(100, Math.max(0, ((moment - begin) / (end - begin)) * 100))}%`;
  const length = (seconds: number) => `${Math.max(0.3, Math.min(100, (seconds / (end - begin)) * 100))}%`;
  return (
    <ol class="timeline card">
      {shown.map((node) => {
        const took = node.status === "running" ? now - node.started_at : node.elapsed_time;
        const name = node.title || node.node_id;
        return (
          <li key={node.id + node.round}>
            <button class="plain" onClick={() => choose(node.node_id)}>
              <span class="label"><span class={`mark ${node.status}`} aria-hidden="true">{SIGNS[node.status]}</span> {name}{node.round !== null && ` #${node.round + 1}`}<span class="hidden">, {status(node.status)}</span></span>
              <svg width="100%" height={HEIGHT + node.calls.length * 7} aria-hidden="true">
                <rect class={`bar ${node.status}`} x={share(node.started_at)} y={4} width={length(took)} height={14} rx={3} />
                {node.calls.map((call, number) => (
                  <g key={number}>
                    <rect class="call" x={share(call.started_at)} y={21 + number * 7} width={length(call.elapsed_time)} height={4} rx={2}>
                      <title>{`${call.label} ${time(call.elapsed_time)}`}</title>
                    </rect>
                    {call.time_to_first_token !== null && (
                      <rect class="first" x={share(call.started_at + call.time_to_first_token)} y={20 + number * 7} width={2} height={6}>
                        <title>{`${say("firstToken")} ${time(call.time_to_first_token)}`}</title>
                      </rect>
                    )}
                  </g>
                ))}
              </svg>
              <span class="took">{time(took)}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
