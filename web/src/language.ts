// Which language a page speaks: the one that somebody chose, else the browser's. Knows no words.

import { always, keep, kept } from "./kept";

export type Language = "en" | "zh";
const KEPT = "parlour:language";

export let language = chosen();

function chosen(): Language {
  const before = kept(KEPT, always);
  if (before === "en" || before === "zh") return before;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Speak the other one. */
export function change(): void {
  language = language === "zh" ? "en" : "zh";
  keep(KEPT, language, always);
}

/** A text with values in place of their names in braces. */
export function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
