import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExposition } from "../../ops/data/prometheus.ts";
import {
  bucketsBetween,
  buckets,
  fastest,
  mean,
  quantile,
  rate,
  rateBy,
  type Interval,
} from "../../ops/data/rates.ts";

function interval(earlier: string, later: string, seconds = 10): Interval {
  return { seconds, earlier: parseExposition(earlier), later: parseExposition(later) };
}

test("a rate is the growth over time, added over series and processes", () => {
  const one = interval('c{k="a"} 10', 'c{k="a"} 30\nc{k="b"} 5');
  assert.equal(rate([one], "c"), 2.5);
  assert.equal(rate([one], "c", { k: "b" }), 0.5, "a series that appears began at 0");
  assert.equal(rate([one, interval("c 0", "c 20")], "c"), 4.5);
  assert.equal(rate([one], "d"), null);
  assert.equal(rate([], "c"), null);
});

test("a counter that fell began again", () => {
  assert.equal(rate([interval("c 100", "c 20")], "c"), 2);
});

test("what all processes report alike is not added", () => {
  const all = [interval("head 10", "head 30"), interval("head 10", "head 20")];
  assert.equal(fastest(all, "head"), 2);
  assert.equal(fastest([], "head"), null);
});

test("rates by a label leave out what did not grow", () => {
  const one = interval('c{k="a"} 1\nc{k="b"} 1', 'c{k="a"} 1\nc{k="b"} 6\nc{k="d"} 10');
  assert.deepEqual([...rateBy([one], "c", "k")], [["b", 0.5], ["d", 1]]);
});

const HISTOGRAM = `h_bucket{op="a",le="0.1"} 50
h_bucket{op="a",le="0.2"} 90
h_bucket{op="a",le="+Inf"} 100
h_sum{op="a"} 12
h_count{op="a"} 100`;

test("a quantile lies within its bucket", () => {
  const all = buckets(parseExposition(HISTOGRAM), "h");
  assert.equal(quantile(all, 0.5), 0.1);
  assert.equal(quantile(all, 0.25), 0.05);
  assert.ok(Math.abs((quantile(all, 0.7) ?? 0) - 0.15) < 1e-9);
  assert.equal(quantile(all, 0.99), 0.2, "nobody knows how far above the last bound");
  assert.equal(quantile([], 0.5), null);
});

test("quantiles are of what was counted in between", () => {
  const later = HISTOGRAM.replace("} 90", "} 190").replace("} 100", "} 200");
  const between = bucketsBetween([interval(HISTOGRAM, later)], "h");
  assert.deepEqual(between.map(({ count }) => count), [0, 100, 100]);
  assert.ok(Math.abs((quantile(between, 0.5) ?? 0) - 0.15) < 1e-9);
  assert.equal(quantile(bucketsBetween([interval(HISTOGRAM, HISTOGRAM)], "h"), 0.5), null);
});

test("a mean is of what was counted in between", () => {
  const later = "h_sum 22\nh_count 105";
  assert.equal(mean([interval("h_sum 12\nh_count 100", later)], "h"), 2);
  assert.equal(mean([interval(later, later)], "h"), null);
});
