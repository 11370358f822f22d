import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../src/model/initial_state.ts";
import { applyHistoryPage, coverage } from "../src/sync/apply_page.ts";
import { EMPTY_TIMELINE, addRange, keepAround, keepNewest } from "../src/sync/timeline.ts";
import { ME, message } from "./entries.ts";

const state = initialState(ME);
const page = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));

test("ranges that touch become one, in order", () => {
  const ranges = [
    { from: 10, to: 20 },
    { from: 1, to: 3 },
    { from: 4, to: 9 },
    { from: 30, to: 40 },
  ].reduce(addRange, []);
  assert.deepEqual(ranges, [
    { from: 1, to: 20 },
    { from: 30, to: 40 },
  ]);
});

test("a page covers what lies between its ends, and the beginning where nothing is before", () => {
  const seqs = page(5, 9);
  assert.deepEqual(coverage(seqs, true, { limit: 5 }), { covers: { from: 5, to: 9 }, headSeq: 9 });
  assert.deepEqual(coverage(seqs, false, { before: 12 }).covers, { from: 1, to: 11 });
  assert.deepEqual(coverage([], false, { before: 12 }).covers, { from: 1, to: 11 });
  assert.deepEqual(coverage(seqs, true, { after: 3 }), {
    covers: { from: 4, to: 9 },
    headSeq: null,
  });
  assert.equal(coverage(seqs, false, { after: 3 }).headSeq, 9);
});

test("a gap remains until it is loaded", () => {
  const add = (before: typeof state, from: number, to: number, head: number | null) =>
    applyHistoryPage(before, "c", {
      messages: page(from, to),
      position: 1,
      covers: { from, to },
      headSeq: head,
    });
  const gap = add(add(state, 90, 100, 100), 10, 20, null);
  assert.deepEqual(gap.timelines.get("c")?.ranges.length, 2);
  const full = add(gap, 21, 89, null);
  assert.deepEqual(full.timelines.get("c")?.ranges, [{ from: 10, to: 100 }]);
  assert.equal(full.timelines.get("c")?.atHead, true);
});

test("eviction keeps the newest messages of the newest range", () => {
  const full = applyHistoryPage(state, "c", {
    messages: page(1, 100),
    position: 1,
    covers: { from: 1, to: 100 },
    headSeq: 100,
  }).timelines.get("c")!;
  const kept = keepNewest(full, 10);
  assert.deepEqual([kept.ranges, kept.messages.size], [[{ from: 91, to: 100 }], 10]);
  const around = keepAround(full, 40, 5, 10);
  const both = [
    { from: 35, to: 45 },
    { from: 91, to: 100 },
  ];
  assert.deepEqual([around.ranges, around.messages.size, around.atHead], [both, 21, true]);
  assert.deepEqual(keepNewest({ ...EMPTY_TIMELINE, headSeq: 5 }, 10).ranges, []);
});
