// The runs that had not ended when this tab last heard of them. Does not know how they are heard.

import { keep, kept, thisTab } from "../kept";
import { app } from "./api";
import type { Turn } from "./turn";

interface Going { task: string; turn: Turn }

const KEPT = `parlour:going:${app}`;

/** By conversation. */
export function goings(): Record<string, Going> {
  return JSON.parse(kept(KEPT, thisTab) ?? "{}") as Record<string, Going>;
}

export function remember(conversation: string, turn: Turn): void {
  keep(KEPT, JSON.stringify({ ...goings(), [conversation]: { task: turn.task, turn: { ...turn, sent: [] } } }), thisTab);
}

export function over(conversation: string): void {
  const { [conversation]: _, ...others } = goings();
  keep(KEPT, JSON.stringify(others), thisTab);
}
