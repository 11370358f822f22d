// Arrow keys move from message to message; each is one stop for Tab.
export function moveFocus(event: KeyboardEvent, timeline: HTMLElement): void {
  const target = event.target as HTMLElement;
  const row = target.closest<HTMLElement>(".message");
  if (row === null || event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = [...timeline.querySelectorAll<HTMLElement>(".message")];
  const at = rows.indexOf(row);
  const next = nextRow(event.key, rows, at);
  if (next === undefined) {
    // Back from the buttons of a message to the message.
    if (event.key === "Escape" && target !== row) {
      event.preventDefault();
      row.focus();
    }
    return;
  }
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function nextRow(key: string, rows: HTMLElement[], at: number): HTMLElement | undefined {
  if (key === "ArrowUp") return rows[Math.max(0, at - 1)];
  if (key === "ArrowDown") return rows[Math.min(rows.length - 1, at + 1)];
  if (key === "Home") return rows[0];
  if (key === "End") return rows.at(-1);
  return undefined;
}
