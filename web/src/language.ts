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

/** Each in English and in Chinese. */
export type Words = Record<string, readonly [string, string]>;

/** What says one of these words, with values in place of their names in braces. */
export function speaking<Table extends Words>(words: Table) {
  return (name: keyof Table, values: Record<string, string | number> = {}): string =>
    words[name]![language === "zh" ? 1 : 0].replace(/\{(\w+)\}/g, (whole, value: string) => String(values[value] ?? whole));
}
