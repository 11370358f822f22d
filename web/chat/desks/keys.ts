// Keys of agents: Alt and a letter, which no field takes as text.
import { useEffect, useRef } from "preact/hooks";

export type DeskKey = "A" | "J" | "K" | "L" | "N" | "O" | "X";

/** The key as screen readers announce it. */
export function shortcut(key: DeskKey): string {
  return `Alt+${key}`;
}

/** Runs what is named for a key while `isActive`. */
export function useDeskKeys(
  actions: Partial<Record<DeskKey, () => void>>,
  isActive: boolean,
): void {
  const current = useRef(actions);
  current.current = actions;
  useEffect(() => {
    if (!isActive) return;
    const onKey = (event: KeyboardEvent) => {
      const isPlain = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      const target = event.target as Element;
      if (!isPlain || event.isComposing || target.closest?.("dialog, [role=menu]")) return;
      const action = current.current[letterOf(event) as DeskKey];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isActive]);
}

/** The letter of the layout; where Alt writes another character, that of the place of the key. */
function letterOf({ key, code }: KeyboardEvent): string {
  return /^[a-z]$/i.test(key) ? key.toUpperCase() : code.replace(/^Key/, "");
}
