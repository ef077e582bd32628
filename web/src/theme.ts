// Light or dark: as the system is, until somebody says otherwise. Knows no page.

import { always, keep, kept } from "./kept";

export type Theme = "auto" | "light" | "dark";
const KEPT = "parlour:theme";

export let theme: Theme = before();

function before(): Theme {
  const found = kept(KEPT, always);
  return found === "light" || found === "dark" ? found : "auto";
}

export function turn(to: Theme): void {
  theme = to;
  keep(KEPT, to, always);
  apply();
}

function apply(): void {
  document.documentElement.dataset.theme = theme;
}

apply();
