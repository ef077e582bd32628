// Light or dark: as the system is, until somebody says otherwise. Knows no page.

const KEPT = "parlour:theme";

function theme(): string {
  try {
    return localStorage.getItem(KEPT) ?? "auto";
  } catch {
    return "auto";
  }
}

export function nextTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = theme() === "auto" ? (dark ? "dark" : "light") : theme();
  const next = shown === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // then for this page alone
  }
}

document.documentElement.dataset.theme = theme();
