// Which part of a conversation is in the document. A conversation may have 100,000 messages, and
// the view is a window of a few hundred that moves over them.
import type { SeqRange } from "@tidings/client";

/** The first and the last seq that are shown. `to` null: it follows the newest message. */
export interface View {
  from: number;
  to: number | null;
}

export const PAGE = 60;
export const MOST_SHOWN = 240;

/** The newest messages; more of them if an earlier one must be among them. */
export function viewOfNewest(range: SeqRange, include = range.to): View {
  const from = Math.min(range.to - PAGE, include - 10);
  return { from: Math.max(range.from, from, range.to - MOST_SHOWN), to: null };
}

/** What surrounds a seq. */
export function viewAround(range: SeqRange, seq: number, isHead: boolean): View {
  const to = seq + PAGE / 2;
  return {
    from: Math.max(range.from, seq - PAGE / 2),
    to: isHead && to >= range.to ? null : Math.min(range.to, to),
  };
}

/** A page further back. What is far below leaves the document. Only in the range of the view. */
export function growOlder(view: View, range: SeqRange): View {
  if (!contains(range, view.from)) return view;
  const from = Math.max(range.from, view.from - PAGE);
  const last = view.to ?? range.to;
  return last - from > MOST_SHOWN ? { from, to: from + MOST_SHOWN } : { from, to: view.to };
}

/**
 * A page further towards the newest message. What is far above leaves the document. Only in the
 * range of the view.
 */
export function growNewer(view: View, range: SeqRange, isHead: boolean): View {
  if (view.to === null || !contains(range, view.to)) return view;
  const to = Math.min(range.to, view.to + PAGE);
  return { from: Math.max(view.from, to - MOST_SHOWN), to: isHead && to === range.to ? null : to };
}

function contains(range: SeqRange, seq: number): boolean {
  return range.from <= seq && seq <= range.to;
}

/** The view of the newest messages after more have arrived while the reader is at the end. */
export function trimOlder(view: View, range: SeqRange): View {
  if (view.to !== null || range.to - view.from <= MOST_SHOWN + PAGE) return view;
  return { from: range.to - MOST_SHOWN, to: null };
}
