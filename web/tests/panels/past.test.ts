import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareRow,
  concernsInbox,
  type InboxRow,
  readLines,
  shortType,
  STEPS,
  stepAtTime,
  timeAtStep,
} from "../../chat/panels/past/moments.ts";

const span = { from: 1_000_000, to: 2_000_000 };

test("the slider reaches both ends and every step comes back", () => {
  assert.equal(timeAtStep(span, 0), span.from);
  assert.equal(timeAtStep(span, STEPS), span.to);
  for (const step of [0, 1, 499, 999, STEPS]) {
    assert.equal(stepAtTime(span, timeAtStep(span, step)), step);
  }
  assert.equal(stepAtTime(span, 0), 0);
  assert.equal(stepAtTime(span, 9_000_000), STEPS);
  assert.equal(stepAtTime({ from: 5, to: 5 }, 5), STEPS);
});

test("an event concerns those whose conversations or mailbox it changes", () => {
  const event = (more: object) =>
    ({ position: 1, type: "x", time: "", source: "", data: {}, ...more }) as const;
  const mine = new Set(["lunch"]);
  assert(concernsInbox(event({ source: "/mailboxes/bob" }), "bob", mine));
  assert(!concernsInbox(event({ source: "/mailboxes/ann" }), "bob", mine));
  assert(concernsInbox(event({ conversation: "lunch" }), "bob", mine));
  assert(!concernsInbox(event({ conversation: "choir" }), "bob", mine));
  const joins = { conversation: "choir", data: { members: [{ user: "bob", role: "member" }] } };
  assert(concernsInbox(event(joins), "bob", mine));
  assert(!concernsInbox(event({ source: "/profiles/ann" }), "bob", mine));
});

test("rows of two inboxes are compared by what a user sees", () => {
  const row: InboxRow = { id: "a", unread: 2, last_message: { seq: 4 } };
  assert.equal(compareRow(row, { ...row }), "same");
  assert.equal(compareRow(row, { ...row, unread: 3 }), "changed");
  assert.equal(compareRow(row, { ...row, last_message: null }), "changed");
  assert.equal(compareRow(row, undefined), "absent");
});

test("events come as lines, with long type names", () => {
  assert.deepEqual(readLines('{"position":1}\n\n{"position":2}\n').map((e) => e.position), [1, 2]);
  assert.equal(shortType("tidings.message_sent.v1"), "message_sent");
});
