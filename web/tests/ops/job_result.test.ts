import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../ops/data/job_result.ts";

test("a finished job says what it found", () => {
  const equal = { equal: true, differences: [] };
  assert.deepEqual(judge({ of: "read_models", result: equal }), { kind: "equal" });
  const other = { equal: false, differences: ["inbox: row 7", "inbox: row 9"] };
  assert.deepEqual(judge({ of: "search", result: other }), { kind: "different", count: 2 });
  assert.deepEqual(judge({ of: "search", result: { comparison: other } }), {
    kind: "different",
    count: 2,
  });
  assert.deepEqual(judge({ of: "search", result: { comparison: null } }), { kind: "none" });
  assert.deepEqual(judge({ of: "search", result: null }), { kind: "none" });
});

test("findings in seals count with the trust in their key", () => {
  const sound = { findings: 0, trusted: true };
  const verdict = { kind: "findings", count: 0, isTrusted: true };
  assert.deepEqual(judge({ of: "seals", result: sound }), verdict);
  assert.deepEqual(judge({ of: "seals", result: { findings: 2, trusted: false } }), {
    kind: "findings",
    count: 2,
    isTrusted: false,
  });
});
