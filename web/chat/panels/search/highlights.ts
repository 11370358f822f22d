// The server counts highlights in Unicode code points, and JavaScript strings in UTF-16 units.

export interface Piece {
  text: string;
  isHit: boolean;
}

/** A part of a text, and whether something was cut off on either side. */
export interface Excerpt {
  pieces: Piece[];
  isCutBefore: boolean;
  isCutAfter: boolean;
}

export type Range = readonly [start: number, end: number];

/** Cuts a text at the given ranges of code points. Ranges that overlap or run over are clamped. */
export function cutAtHighlights(text: string, ranges: readonly (readonly number[])[]): Piece[] {
  const points = Array.from(text);
  return cutPoints(points, toRanges(ranges), 0, points.length);
}

/**
 * The part of a text around its first highlight, at most about `size` code points long. Never cuts
 * within a sign that users see as one, such as an emoji with a skin tone.
 */
export function cutExcerpt(
  text: string,
  highlights: readonly (readonly number[])[],
  size: number,
): Excerpt {
  const points = Array.from(text);
  const ranges = toRanges(highlights);
  if (points.length <= size) {
    return {
      pieces: cutPoints(points, ranges, 0, points.length),
      isCutBefore: false,
      isCutAfter: false,
    };
  }
  const first = ranges[0]?.[0] ?? 0;
  const wanted = Math.max(0, Math.min(first - Math.floor(size / 4), points.length - size));
  const borders = signBorders(text);
  const start = lastAtMost(borders, wanted);
  const end = lastAtMost(borders, Math.min(points.length, start + size));
  return {
    pieces: cutPoints(points, ranges, start, end),
    isCutBefore: start > 0,
    isCutAfter: end < points.length,
  };
}

function toRanges(highlights: readonly (readonly number[])[]): Range[] {
  return highlights.flatMap(([start, end]) =>
    start === undefined || end === undefined ? [] : [[start, end] as const],
  );
}

function cutPoints(
  points: readonly string[],
  ranges: readonly Range[],
  start: number,
  end: number,
): Piece[] {
  const pieces: Piece[] = [];
  const push = (from: number, to: number, isHit: boolean) => {
    if (to > from) pieces.push({ text: points.slice(from, to).join(""), isHit });
  };
  let done = start;
  for (const [rangeStart, rangeEnd] of ranges) {
    const from = Math.min(Math.max(rangeStart, done), end);
    const to = Math.min(Math.max(rangeEnd, from), end);
    push(done, from, false);
    push(from, to, true);
    done = to;
  }
  push(done, end, false);
  return pieces;
}

/** The offsets, in code points, at which a sign that users see as one begins, and the end. */
function signBorders(text: string): number[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const borders = [0];
  let offset = 0;
  for (const { segment } of segmenter.segment(text)) {
    offset += Array.from(segment).length;
    borders.push(offset);
  }
  return borders;
}

function lastAtMost(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((sorted[middle] as number) <= limit) low = middle;
    else high = middle - 1;
  }
  return sorted[low] ?? 0;
}
