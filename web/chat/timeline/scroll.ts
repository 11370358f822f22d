// Keeps what the reader looks at where it is, while messages come and go above and below.
import { type RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";

type Anchor =
  | { kind: "bottom"; contentHeight: number; height: number }
  // A row stays where it is on the screen. `top` is its place in the content, which says what has
  // changed above it; its place on the screen also changes while the reader scrolls.
  | { kind: "row"; key: string; top: number }
  // A row that is still to be scrolled to.
  | { kind: "target"; selector: string };

export interface Scroll {
  /** Goes to the newest message and stays there. */
  toBottom: () => void;
  /** Goes to the first row that matches, as soon as it is in the document. */
  toRow: (selector: string) => void;
  isAtBottom: () => boolean;
}

interface ScrollOptions {
  scroller: RefObject<HTMLElement | null>;
  /** Called when the reader has moved, and after each change. */
  onMove: () => void;
}

const BOTTOM: Anchor = { kind: "bottom", contentHeight: 0, height: 0 };
const BOTTOM_SLACK = 40;
const TARGET_PLACE = 0.25;

/** Rows are the children of the scroller's first child; each has `data-key`. */
export function useScroll({ scroller, onMove }: ScrollOptions): Scroll {
  const anchor = useRef<Anchor>(BOTTOM);
  const latest = useRef(onMove);
  latest.current = onMove;

  useLayoutEffect(() => {
    anchor.current = restore(scroller.current!, anchor.current);
  });

  useLayoutEffect(() => {
    const element = scroller.current!;
    const onScroll = () => {
      // At the end, what has grown since, such as an image, is no movement of the reader.
      const hasGrown = anchor.current.kind === "bottom" && !isOfSize(element, anchor.current);
      if (hasGrown) anchor.current = restore(element, anchor.current);
      else if (anchor.current.kind !== "target") anchor.current = record(element);
      latest.current();
    };
    const observer = new ResizeObserver(() => {
      anchor.current = restore(element, anchor.current);
      latest.current();
    });
    observer.observe(element);
    observer.observe(element.firstElementChild!);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, []);

  return useMemo(
    () => ({
      toBottom: () => {
        anchor.current = restore(scroller.current!, BOTTOM);
      },
      toRow: (selector: string) => {
        anchor.current = restore(scroller.current!, { kind: "target", selector });
      },
      isAtBottom: () => distanceToBottom(scroller.current!) < BOTTOM_SLACK,
    }),
    [],
  );
}

function distanceToBottom(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}

function record(element: HTMLElement): Anchor {
  const { scrollHeight: contentHeight, clientHeight: height } = element;
  const bottom: Anchor = { kind: "bottom", contentHeight, height };
  if (distanceToBottom(element) < BOTTOM_SLACK) return bottom;
  const row = firstRowBelow(element, element.getBoundingClientRect().top);
  return row === undefined ? bottom : { kind: "row", key: row.dataset["key"]!, top: topOf(row) };
}

/** The place of a row in the content. */
function topOf(row: HTMLElement): number {
  return row.getBoundingClientRect().top - row.parentElement!.getBoundingClientRect().top;
}

/** The first row that is at least partly below a line of the window. */
function firstRowBelow(element: HTMLElement, line: number): HTMLElement | undefined {
  const rows = element.firstElementChild!.children;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.getBoundingClientRect().bottom > line) high = middle;
    else low = middle + 1;
  }
  return rows[low] as HTMLElement | undefined;
}

function isOfSize(
  { scrollHeight, clientHeight }: HTMLElement,
  { contentHeight, height }: { contentHeight: number; height: number },
): boolean {
  return scrollHeight === contentHeight && clientHeight === height;
}

/** Moves only if the content has changed: a movement of the reader must not be undone. */
function restore(element: HTMLElement, anchor: Anchor): Anchor {
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
      return record(element);
    }
    case "row": {
      const row = element.querySelector<HTMLElement>(`[data-key="${CSS.escape(anchor.key)}"]`);
      if (row === null) return record(element);
      const top = topOf(row);
      if (Math.abs(top - anchor.top) >= 1) element.scrollTop += top - anchor.top;
      return { ...anchor, top };
    }
  }
}
