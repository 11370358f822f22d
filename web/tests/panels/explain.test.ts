import assert from "node:assert/strict";
import { test } from "node:test";
import { groupBySeq, spell } from "../../chat/panels/explain/groups.ts";

test("reasons are put together, the newest first", () => {
  const excluded = [
    { seq: 9, why: "own" },
    { seq: 8, why: "recalled" },
    { seq: 3, why: "read" },
    { seq: 2, why: "own" },
    { seq: 1, why: "read" },
  ];
  assert.deepEqual(groupBySeq(excluded), [
    { why: "own", seqs: [2, 9] },
    { why: "recalled", seqs: [8] },
    { why: "read", seqs: [1, 3] },
  ]);
  assert.deepEqual(groupBySeq([]), []);
});

test("neighbours become a range", () => {
  assert.equal(spell([1, 2, 3, 7, 9, 10]), "#1–3, #7, #9–10");
  assert.equal(spell([]), "");
});
