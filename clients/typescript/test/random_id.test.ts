import assert from "node:assert/strict";
import { test } from "node:test";
import { randomId } from "../src/random_id.ts";

test("ids are different UUIDs of version 4", () => {
  const ids = new Set(Array.from({ length: 1_000 }, randomId));
  assert.equal(ids.size, 1_000);
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (const id of ids) assert.match(id, form);
});
