// Rates and quantiles of what happened between two scrapes of the same process.
import { matches, sum, sumBy, type Exposition, type Match } from "./prometheus.ts";

/** Two scrapes of one process, and the time between them. */
export type Interval = { seconds: number; earlier: Exposition; later: Exposition };

/** How many of the values of a histogram are at most `le`. */
export type Bucket = { le: number; count: number };

/**
 * How fast a counter grew, per second, over all processes. A series that was not there before
 * began at 0. Null if no process has the metric.
 */
export function rate(intervals: readonly Interval[], name: string, match: Match = {}) {
  let total: number | null = null;
  for (const { seconds, earlier, later } of intervals) {
    const now = sum(later, name, match);
    if (now === null || seconds <= 0) continue;
    total = (total ?? 0) + growth(sum(earlier, name, match) ?? 0, now) / seconds;
  }
  return total;
}

/** How fast something grew that all processes report alike, such as the head of the log. */
export function fastest(intervals: readonly Interval[], name: string): number | null {
  const rates = intervals.flatMap((interval) => rate([interval], name) ?? []);
  return rates.length === 0 ? null : Math.max(...rates);
}

/** The rates of a counter by the values of one label, without those that did not grow. */
export function rateBy(intervals: readonly Interval[], name: string, label: string) {
  const rates = new Map<string, number>();
  for (const { seconds, earlier, later } of intervals) {
    const before = sumBy(earlier, name, label);
    for (const [key, now] of sumBy(later, name, label)) {
      const grown = growth(before.get(key) ?? 0, now) / seconds;
      if (grown > 0) rates.set(key, (rates.get(key) ?? 0) + grown);
    }
  }
  return rates;
}

/** A counter never falls, unless it began again. */
function growth(before: number, now: number): number {
  return now < before ? now : now - before;
}

/** The buckets of a histogram, added over the series that match, in ascending order. */
export function buckets(exposition: Exposition, name: string, match: Match = {}): Bucket[] {
  const counts = new Map<number, number>();
  for (const { labels, value } of exposition.get(`${name}_bucket`) ?? []) {
    if (!matches(labels, match)) continue;
    const le = labels.le === "+Inf" ? Infinity : Number(labels.le);
    counts.set(le, (counts.get(le) ?? 0) + value);
  }
  return [...counts].map(([le, count]) => ({ le, count })).sort((a, b) => a.le - b.le);
}

/** The buckets of what a histogram counted in the intervals. */
export function bucketsBetween(intervals: readonly Interval[], name: string, match: Match = {}) {
  const counts = new Map<number, number>();
  for (const { earlier, later } of intervals) {
    const before = new Map(buckets(earlier, name, match).map(({ le, count }) => [le, count]));
    for (const { le, count } of buckets(later, name, match)) {
      counts.set(le, (counts.get(le) ?? 0) + growth(before.get(le) ?? 0, count));
    }
  }
  return [...counts].map(([le, count]) => ({ le, count })).sort((a, b) => a.le - b.le);
}

/**
 * The value below which the part `q` (0 to 1) of the values lies, as `histogram_quantile` of
 * Prometheus estimates it: evenly within the bucket. Null without values.
 */
export function quantile(all: readonly Bucket[], q: number): number | null {
  const total = all.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = q * total;
  const index = all.findIndex(({ count }) => count >= rank);
  const bucket = all[index];
  const below = all[index - 1] ?? { le: 0, count: 0 };
  if (bucket === undefined || bucket.le === Infinity) return below.le;
  if (bucket.count === below.count) return bucket.le;
  const part = (rank - below.count) / (bucket.count - below.count);
  return below.le + (bucket.le - below.le) * part;
}

/** The mean of what a histogram counted in the intervals; null without values. */
export function mean(intervals: readonly Interval[], name: string): number | null {
  let values = 0;
  let count = 0;
  for (const { earlier, later } of intervals) {
    values += growth(sum(earlier, `${name}_sum`) ?? 0, sum(later, `${name}_sum`) ?? 0);
    count += growth(sum(earlier, `${name}_count`) ?? 0, sum(later, `${name}_count`) ?? 0);
  }
  return count === 0 ? null : values / count;
}
