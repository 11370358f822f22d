// Keeps what the reader looks at where it is, while messages come and go above and below.
import { type RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";

type Anchor =
  | { kind: "bottom" }
  /** A row stays at a distance from the upper edge. */
  | { kind: "row"; key: string; offset: number }
  /** A row that is still to be scrolled to. */
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

const BOTTOM_SLACK = 40;
const TARGET_PLACE = 0.25;

/** Rows are the children of the scroller's first child; each has `data-key`. */
export function useScroll({ scroller, onMove }: ScrollOptions): Scroll {
  const anchor = useRef<Anchor>({ kind: "bottom" });
  const latest = useRef(onMove);
  latest.current = onMove;

  useLayoutEffect(() => {
    anchor.current = restore(scroller.current!, anchor.current);
  });

  useLayoutEffect(() => {
    const element = scroller.current!;
    const onScroll = () => {
      if (anchor.current.kind !== "target") anchor.current = record(element);
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
        anchor.current = restore(scroller.current!, { kind: "bottom" });
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
  if (distanceToBottom(element) < BOTTOM_SLACK) return { kind: "bottom" };
  const top = element.getBoundingClientRect().top;
  const row = firstRowBelow(element, top);
  if (row === undefined) return { kind: "bottom" };
  return {
    kind: "row",
    key: row.dataset["key"]!,
    offset: row.getBoundingClientRect().top - top,
  };
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

function restore(element: HTMLElement, anchor: Anchor): Anchor {
  if (anchor.kind === "bottom") {
    element.scrollTop = element.scrollHeight;
    return anchor;
  }
  if (anchor.kind === "target") {
    const row = element.querySelector<HTMLElement>(anchor.selector);
    if (row === null) return anchor;
    const distance = row.getBoundingClientRect().top - element.getBoundingClientRect().top;
    element.scrollTop += distance - element.clientHeight * TARGET_PLACE;
    return record(element);
  }
  const row = element.querySelector<HTMLElement>(`[data-key="${CSS.escape(anchor.key)}"]`);
  if (row === null) return record(element);
  const offset = row.getBoundingClientRect().top - element.getBoundingClientRect().top;
  if (Math.abs(offset - anchor.offset) >= 1) element.scrollTop += offset - anchor.offset;
  return anchor;
}
