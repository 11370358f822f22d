import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, checkFields, fieldsOf } from "../../chat/panels/groups/policy_fields.ts";

const policy = {
  avatar: null,
  custom: null,
  frozen: false,
  join: "added",
  post: "members",
  retention_days: null,
  slow_mode: 0,
  topic: "Where we eat",
} as const;
const before = fieldsOf({ title: "Lunch" }, { policy, history: "all" });

test("a form without changes asks for nothing", () => {
  assert.deepEqual(changesOf(before, before), {});
});

test("only what changed is sent, in the types of the API", () => {
  const after = {
    ...before,
    topic: "",
    slow_mode: "30",
    retention_days: "365",
    join: "open" as const,
    frozen: true,
  };
  assert.deepEqual(changesOf(after, before), {
    topic: null,
    slow_mode: 30,
    retention_days: 365,
    join: "open",
    frozen: true,
  });
  assert.deepEqual(changesOf({ ...after, retention_days: "" }, after), { retention_days: null });
});

test("wrong fields are found before the server is asked", () => {
  const faults = checkFields({
    ...before,
    title: "x".repeat(201),
    avatar: "http://x",
    retention_days: "0",
  });
  assert.deepEqual(faults, {
    title: "too_long",
    topic: null,
    avatar: "not_https",
    retention_days: "too_short",
  });
});
