// The operator's API, with the operator's key. The key is kept for this tab alone, and is in no address.

import { keep, kept, thisTab } from "../kept";
import { frames, problem } from "../reply";

const KEPT = "parlour:operator";

let key = kept(KEPT, thisTab) ?? "";

export const signedIn = () => key !== "";

export function signIn(given: string): void {
  key = given;
  keep(KEPT, given, thisTab);
}

export type Query = Record<string, string | number | undefined>;

async function ask(path: string, query: Query, signal?: AbortSignal): Promise<Response> {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") given.set(name, String(value));
  const reply = await fetch(`/v1/admin/${path}?${given}`, {
    headers: { Authorization: `Bearer ${key}` },
    signal: signal ?? null,
    credentials: "omit",
    cache: "no-store",
  });
  if (!reply.ok) throw await problem(reply);
  return reply;
}

export async function get<Body>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Body> {
  return (await (await ask(path, query, signal)).json()) as Body;
}

/** What happens in a run, one piece of news after the other. */
export async function* listen(runId: string, signal: AbortSignal): AsyncGenerator<News> {
  yield* frames<News>(await ask(`runs/${runId}/events`, {}, signal));
}

export interface App { id: string; name: string; title: string; mode: string }

export type Status = "running" | "succeeded" | "failed" | "stopped" | "partial-succeeded" | "paused" | "exception" | "retry";

export interface Run {
  id: string; app: string; app_id: string; user: string; workflow_id: string; conversation_id: string; status: Status;
  query: string; time_to_first_text: number | null;
  error: string | null; elapsed_time: number; total_tokens: number; total_steps: number; total_price: string;
  currency: string; created_at: number; finished_at: number | null;
}

export interface Call {
  label: string; model: string | null; started_at: number; elapsed_time: number; time_to_first_token: number | null;
  total_tokens: number | null; total_price: string | null; error: string | null;
}

type Values = Record<string, unknown>;

export interface NodeRun {
  id: string; node_id: string; node_type: string; title: string; predecessor_node_id: string | null; status: Status;
  error: string | null; started_at: number; elapsed_time: number; total_tokens: number | null; total_price: string | null;
  currency: string | null; iteration_id: string | null; loop_id: string | null; round: number | null; calls: Call[];
  inputs: Values | null; process_data: Values | null; outputs: Values | null;
}

export interface GraphNode { id: string; type: string; title: string; parent: string }
export interface GraphEdge { source: string; target: string; handle: string }
export interface Graph { nodes: GraphNode[]; edges: GraphEdge[] }

export interface Step {
  id: string; position: number; tool: string; thought: string | null; tool_input: string | null; observation: string | null;
}

export interface Source { position: number; document_name: string | null; dataset_name: string | null; score: number | null; content: string }

/** A question and its answer. */
export interface Said {
  query: string; answer: string; calls: Call[]; steps: Step[]; files: { id: string; name: string; type: string }[]; citations: Source[];
}

export interface Detail {
  run: Run; inputs: Values; outputs: Values | null; record: "none" | "meta" | "full"; graph: Graph | null; nodes: NodeRun[];
  said: Said | null;
}

export interface News {
  event: "node_started" | "node_finished" | "text" | "replaced" | "step" | "paused" | "finished";
  node: NodeRun | null; text: string | null; step: Step | null;
}

export interface Page<Item> { data: Item[]; has_more: boolean }

export interface Times { p50: number | null; p95: number | null; p99: number | null }

export interface Figures {
  at: number; app: string; app_id: string; requests: number; errors: number; tokens: number; cost: Record<string, number>;
  latency: Times; first_token: Times;
}

export interface Statistics { since: number; until: number; step: number; complete: boolean; data: Figures[]; whole: Figures[] }
