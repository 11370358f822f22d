// Puts together what an explanation lists one by one.

export interface Reason<Why extends string> {
  why: Why;
  seqs: number[];
}

/** The messages of each reason, the reason of the newest message first; seqs ascend. */
export function groupBySeq<Why extends string>(
  excluded: readonly { seq: number; why: Why }[],
): Reason<Why>[] {
  const reasons = new Map<Why, number[]>();
  for (const { seq, why } of excluded) reasons.set(why, [...(reasons.get(why) ?? []), seq]);
  return Array.from(reasons, ([why, seqs]) => ({ why, seqs: seqs.sort((a, b) => a - b) })).sort(
    (one, other) => (other.seqs.at(-1) ?? 0) - (one.seqs.at(-1) ?? 0),
  );
}

/** Seqs as ranges: `#1–3, #7`. */
export function spell(seqs: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges.map(([from, to]) => (from === to ? `#${from}` : `#${from}–${to}`)).join(", ");
}
