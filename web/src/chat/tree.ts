// The branches of a conversation: which turns follow which, and the path through them that is shown.
// Knows no request and no page.

import type { Turn } from "./turn";
import { NIL } from "./wire";

export interface Branch {
  turn: Turn;
  at: number;
  /** Which of its siblings it is, from 0 on. */
  siblings: Turn[];
}

/**
 * What a turn follows: "" for the beginning. One without a parent follows the one that was written before it, and one
 * whose parent is not known here (it is older than what was read) begins what is shown.
 */
export function parents(turns: Turn[], conversation: string): Map<Turn, string> {
  const found = new Map<Turn, string>();
  const known = new Set(turns.map((turn) => turn.id));
  turns.forEach((turn, place) => {
    const parent = turn.parent === NIL ? (turns[place - 1]?.id ?? "") : turn.parent;
    found.set(turn, parent === conversation || !known.has(parent) ? "" : parent);
  });
  return found;
}

/** The path that is shown: at each fork the turn that was chosen, else the newest. */
export function path(turns: Turn[], conversation: string, chosen: Map<string, string>): Branch[] {
  const parent = parents(turns, conversation);
  const shown: Branch[] = [];
  for (let at = ""; ; ) {
    const siblings = turns.filter((turn) => parent.get(turn) === at);
    const turn = siblings.find((one) => one.id === chosen.get(at)) ?? siblings.at(-1);
    if (!turn || shown.some((one) => one.turn === turn)) return shown;
    shown.push({ turn, at: siblings.indexOf(turn), siblings });
    at = turn.id;
  }
}
