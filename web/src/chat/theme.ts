// Light or dark: as the system is, until the visitor says otherwise.

import { always, keep, kept } from "./kept";

type Theme = "auto" | "light" | "dark";
const KEPT = "parlour:theme";
const ORDER: Theme[] = ["auto", "light", "dark"];

export function theme(): Theme {
  const before = kept(KEPT, always);
  return before === "light" || before === "dark" ? before : "auto";
}

export function next(): void {
  keep(KEPT, ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length]!, always);
  apply();
}

function apply(): void {
  document.documentElement.dataset.theme = theme();
}

apply();
