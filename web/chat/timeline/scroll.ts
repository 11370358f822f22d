// Keeps what the reader looks at where it is, while messages come and go above and below.
import { type RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { type Anchor, BOTTOM, isAtBottom, isOfSize, record, restore } from "./anchor.ts";

export interface Scroll {
  /** Goes to the newest message and stays there. */
  toBottom: () => void;
  /** Goes to the first row that matches, as soon as it is in the document. */
  toRow: (selector: string) => void;
  isAtBottom: () => boolean;
}

interface ScrollOptions {
  scroller: RefObject<HTMLElement | null>;
  /** Whether the last row is the newest one. */
  endsWithNewest: boolean;
  /** Called when the reader has moved, and after each change. */
  onMove: () => void;
}

/** Rows are the children of the scroller's first child; each has `data-key`. */
export function useScroll({ scroller, endsWithNewest, onMove }: ScrollOptions): Scroll {
  const anchor = useRef<Anchor>(BOTTOM);
  const latest = useRef({ endsWithNewest, onMove });
  latest.current = { endsWithNewest, onMove };
  const keep = (kept = anchor.current) => {
    anchor.current = restore(scroller.current!, kept, latest.current.endsWithNewest);
  };

  useLayoutEffect(() => keep());

  useLayoutEffect(() => {
    const element = scroller.current!;
    const onScroll = () => {
      // At the end, what has grown since, such as an image, is no movement of the reader.
      const hasGrown = anchor.current.kind === "bottom" && !isOfSize(element, anchor.current);
      if (hasGrown) keep();
      else if (anchor.current.kind !== "target") {
        anchor.current = record(element, latest.current.endsWithNewest);
      }
      latest.current.onMove();
    };
    const observer = new ResizeObserver(() => {
      keep();
      latest.current.onMove();
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
      toBottom: () => keep(BOTTOM),
      toRow: (selector: string) => keep({ kind: "target", selector }),
      isAtBottom: () => isAtBottom(scroller.current!),
    }),
    [],
  );
}
