// A list of many rows of one height, of which only those on screen are in the document.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface VirtualListProps {
  label: string;
  count: number;
  rowHeight: number;
  /** Draws a row; `focusable` is true for the one row that Tab reaches. */
  row: (index: number, focusable: boolean) => { key: string; content: ComponentChildren };
  /** The row that Tab reaches first. */
  current: number;
  /** Told which rows are in the document. */
  show: (first: number, last: number) => void;
}

const SPARE_ROWS = 8;

export function VirtualList(props: VirtualListProps) {
  const { label, count, rowHeight, row, current, show } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [focused, setFocused] = useState<number | null>(null);

  const measure = () => {
    const { scrollTop, clientHeight } = scroller.current!;
    setView({ top: scrollTop, height: clientHeight });
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + SPARE_ROWS);
  useLayoutEffect(() => show(first, last), [first, last]);

  const tabStop = Math.min(focused ?? Math.max(0, current), count - 1);
  const indexes = range(first, last);
  // The row with the focus stays in the document, or the focus would be lost while scrolling.
  if (count > 0 && (tabStop < first || tabStop >= last)) indexes.push(tabStop);

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const next = nextIndex(event, count, page);
    if (next === null) return;
    event.preventDefault();
    setFocused(next);
    scrollToRow(scroller.current!, next, rowHeight);
  };

  return (
    <div
      ref={scroller}
      class="virtual-list"
      tabIndex={-1}
      onScroll={measure}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => setFocused(indexOfRow(event.target as Element))}
    >
      <div
        role="list"
        aria-label={label}
        class="virtual-rows"
        style={{ height: `${count * rowHeight}px` }}
      >
        {indexes.map((index) => {
          const { key, content } = row(index, index === tabStop);
          return (
            <div
              key={key}
              role="listitem"
              aria-setsize={count}
              aria-posinset={index + 1}
              data-index={index}
              class="virtual-row"
              style={{ height: `${rowHeight}px`, transform: `translateY(${index * rowHeight}px)` }}
            >
              {content}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first) }, (_, offset) => first + offset);
}

function indexOfRow(element: Element): number | null {
  const row = element.closest<HTMLElement>("[data-index]");
  return row === null ? null : Number(row.dataset["index"]);
}

/** Brings a row onto the screen, and the focus to it. */
function scrollToRow(list: HTMLElement, index: number, rowHeight: number): void {
  const top = index * rowHeight;
  if (top < list.scrollTop) list.scrollTop = top;
  const bottom = top + rowHeight;
  if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  requestAnimationFrame(() => focusRow(list, index));
}

function focusRow(list: HTMLElement, index: number): void {
  list.querySelector<HTMLElement>(`[data-index="${index}"] .row-target`)?.focus();
}

function nextIndex(event: KeyboardEvent, count: number, page: number): number | null {
  const at = indexOfRow(event.target as Element);
  if (at === null || event.altKey || event.ctrlKey || event.metaKey) return null;
  const moves: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
  };
  const next = moves[event.key];
  return next === undefined ? null : Math.min(Math.max(0, next), count - 1);
}
