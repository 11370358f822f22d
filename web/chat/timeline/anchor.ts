// What of a scrolled list stays in its place while rows come and go above and below.

export type Anchor =
  | { kind: "bottom"; contentHeight: number; height: number }
  // A row stays where it is on the screen. `top` is its place in the content, which says what has
  // changed above it; its place on the screen also changes while the reader scrolls. `scrollTop` is
  // that of the list when its content was last seen.
  | { kind: "row"; key: string; top: number; scrollTop: number }
  // A row that is still to be scrolled to.
  | { kind: "target"; selector: string };

export const BOTTOM: Anchor = { kind: "bottom", contentHeight: 0, height: 0 };
const BOTTOM_SLACK = 40;
const TARGET_PLACE = 0.25;

/**
 * What the reader looks at. A reader at the end stays there only if it is the newest end: at the
 * end of an earlier part, what follows would carry them along, from page to page without a stop.
 */
export function record(element: HTMLElement, endsWithNewest: boolean): Anchor {
  const { scrollHeight: contentHeight, clientHeight: height } = element;
  const bottom: Anchor = { kind: "bottom", contentHeight, height };
  if (endsWithNewest && isAtBottom(element)) return bottom;
  const row = messageBelow(element, element.getBoundingClientRect().top);
  if (row === null) return bottom;
  const { scrollTop } = element;
  return { kind: "row", key: row.dataset["key"]!, top: topOf(row), scrollTop };
}

/** Moves only if the content has changed: a movement of the reader must not be undone. */
export function restore(element: HTMLElement, anchor: Anchor, endsWithNewest: boolean): Anchor {
  switch (anchor.kind) {
    case "bottom": {
      const { scrollHeight, clientHeight } = element;
      if (isOfSize(element, anchor)) return anchor;
      element.scrollTop = scrollHeight;
      return { kind: "bottom", contentHeight: scrollHeight, height: clientHeight };
    }
    case "target": {
      const row = element.querySelector<HTMLElement>(anchor.selector);
      if (row === null) return anchor;
      element.scrollTop = topOf(row) - element.clientHeight * TARGET_PLACE;
      return record(element, endsWithNewest);
    }
    case "row": {
      const row = element.querySelector<HTMLElement>(`[data-key="${CSS.escape(anchor.key)}"]`);
      if (row === null) return record(element, endsWithNewest);
      const top = topOf(row);
      // Where the content has become shorter, its end has moved the reader already.
      const hasMoved = distanceToBottom(element) < 1 && element.scrollTop < anchor.scrollTop;
      const before = hasMoved ? anchor.scrollTop : element.scrollTop;
      if (Math.abs(top - anchor.top) >= 1) element.scrollTop = before + top - anchor.top;
      // The end may have become the newest one under a reader who waits there.
      if (endsWithNewest && isAtBottom(element)) return record(element, endsWithNewest);
      return { ...anchor, top, scrollTop: element.scrollTop };
    }
  }
}

export function isAtBottom(element: HTMLElement): boolean {
  return distanceToBottom(element) < BOTTOM_SLACK;
}

function distanceToBottom(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}

export function isOfSize(
  { scrollHeight, clientHeight }: HTMLElement,
  { contentHeight, height }: { contentHeight: number; height: number },
): boolean {
  return scrollHeight === contentHeight && clientHeight === height;
}

/** The place of a row in the content. */
function topOf(row: HTMLElement): number {
  return row.getBoundingClientRect().top - row.parentElement!.getBoundingClientRect().top;
}

/**
 * The first message that is at least partly below a line of the window. Other rows, such as the
 * beginning and the line of a day, do not stay between the same messages when more are loaded.
 */
function messageBelow(element: HTMLElement, line: number): HTMLElement | null {
  const rows = element.firstElementChild!.children;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.getBoundingClientRect().bottom > line) high = middle;
    else low = middle + 1;
  }
  while (low < rows.length && !rows[low]!.classList.contains("message")) low += 1;
  return (rows[low] as HTMLElement | undefined) ?? null;
}
