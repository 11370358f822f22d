// Light or dark: as the system says, unless the reader chose one.
export type Theme = "system" | "light" | "dark";

const KEY = "tidings.theme";

export function theme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function chooseTheme(next: Theme): void {
  localStorage.setItem(KEY, next);
  showTheme();
}

export function showTheme(): void {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}
