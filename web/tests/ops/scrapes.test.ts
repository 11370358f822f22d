import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExposition } from "../../ops/data/prometheus.ts";
import { rate } from "../../ops/data/rates.ts";
import { read } from "../../ops/data/readings.ts";
import { Scrapes } from "../../ops/data/scrapes.ts";

function scrape(seconds: number, count: number, began = 1, pool = "writes") {
  const pools = `tidings_pool_connections{pool="${pool}",state="idle"} 1`;
  const text = `process_start_time_seconds ${began}\n${pools}\nc ${count}`;
  return { at: seconds * 1000, exposition: parseExposition(text) };
}

test("rates are those of the last ten seconds", () => {
  const scrapes = new Scrapes();
  assert.deepEqual(scrapes.add(scrape(0, 0)), []);
  let intervals = scrapes.add(scrape(2, 10));
  assert.equal(rate(intervals, "c"), 5);
  for (let second = 4; second <= 20; second += 2) intervals = scrapes.add(scrape(second, 10));
  assert.equal(rate(intervals, "c"), 0);
  assert.equal(intervals[0]?.seconds, 10);
});

test("a restarted process has no rate at first", () => {
  const scrapes = new Scrapes();
  scrapes.add(scrape(0, 1000));
  scrapes.add(scrape(2, 1010));
  assert.equal(rate(scrapes.add(scrape(4, 1, 3)), "c"), 5, "the old one is the newest known");
  assert.equal(rate(scrapes.add(scrape(40, 1, 3)), "c"), 0, "it is forgotten");
  assert.equal(scrapes.newest.length, 1);
});

test("processes behind one address are kept apart", () => {
  const scrapes = new Scrapes();
  scrapes.add(scrape(0, 1000, 1, "writes"));
  scrapes.add(scrape(2, 50, 1, "reads"));
  scrapes.add(scrape(4, 1020, 1, "writes"));
  assert.equal(rate(scrapes.add(scrape(6, 70, 1, "reads")), "c"), 10);
  assert.equal(scrapes.newest.length, 2);
});

test("after a pause there is no rate", () => {
  const scrapes = new Scrapes();
  scrapes.add(scrape(0, 0));
  assert.deepEqual(scrapes.add(scrape(100, 1000)), []);
});

test("a reading without metrics has what the status says", () => {
  const status = {
    state: "running",
    mirror: { first: 1, position: 8, lag_events: 2, version: "2" },
  };
  const reading = read(5000, [], [], status);
  assert.deepEqual([reading.at, reading.mirrorLag, reading.sends], [5, 2, null]);
  assert.equal(read(0, [], [], { state: "running", mirror: { error: "away" } }).mirrorLag, null);
});
