// Which part of a conversation is in the document. A conversation may have 100,000 messages, and
// the view is a window of a few hundred that moves over them.
import type { SeqRange } from "@tidings/client";

/** The first and the last seq that are shown. `to` null: it follows the newest message. */
export interface View {
  from: number;
  to: number | null;
}

/**
 * Whether a seq has a row: replies in threads have none here. Rows are counted and not seqs, since
 * in a view without rows the reader would be at both edges, and it would move without an end.
 */
export type HasRow = (seq: number) => boolean;

/** In rows. */
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
export function growOlder(view: View, range: SeqRange, hasRow: HasRow): View {
  if (!contains(range, view.from)) return view;
  const from = nthRow(view.from - 1, range.from, PAGE, hasRow);
  const last = view.to ?? range.to;
  const to = nthRow(from, last, MOST_SHOWN, hasRow);
  return { from, to: to < last ? to : view.to };
}

/**
 * A page further towards the newest message. What is far above leaves the document. Only in the
 * range of the view.
 */
export function growNewer(view: View, range: SeqRange, isHead: boolean, hasRow: HasRow): View {
  if (view.to === null || !contains(range, view.to)) return view;
  const to = nthRow(view.to + 1, range.to, PAGE, hasRow);
  const from = nthRow(to, view.from, MOST_SHOWN, hasRow);
  return { from, to: isHead && to === range.to ? null : to };
}

function contains(range: SeqRange, seq: number): boolean {
  return range.from <= seq && seq <= range.to;
}

/** The view of the newest messages after more have arrived while the reader is at the end. */
export function trimOlder(view: View, range: SeqRange, hasRow: HasRow): View {
  if (view.to !== null) return view;
  const isLong = nthRow(range.to, view.from, MOST_SHOWN + PAGE, hasRow) > view.from;
  return isLong ? { from: nthRow(range.to, view.from, MOST_SHOWN, hasRow), to: null } : view;
}

/** The seq of the nth row from one seq to another, or the other one if there are fewer rows. */
function nthRow(from: number, to: number, count: number, hasRow: HasRow): number {
  const step = Math.sign(to - from);
  let rows = 0;
  for (let seq = from; seq !== to; seq += step) {
    if (hasRow(seq)) rows += 1;
    if (rows === count) return seq;
  }
  return to;
}
