import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../src/model/initial_state.ts";
import { applyEntry } from "../src/sync/apply_entry.ts";
import { applyInboxPage } from "../src/sync/apply_inbox.ts";
import { ME, created, entry, sent, summary } from "./entries.ts";

function load(ids: readonly string[], position: number, pinned: readonly string[] = []) {
  const conversations = ids.map((id) => summary(id, { pinned: pinned.includes(id) }));
  return applyInboxPage(initialState(ME), {
    conversations,
    position,
    above: undefined,
    followsFrom: position,
  }).state;
}

test("pages keep the server's order, also over several pages", () => {
  const first = [summary("a", { pinned: true }), summary("b")];
  const one = applyInboxPage(initialState(ME), {
    conversations: first,
    position: 50,
    above: undefined,
    followsFrom: 50,
  });
  const two = applyInboxPage(one.state, {
    conversations: [summary("c"), summary("d")],
    position: 52,
    above: one.last,
    followsFrom: 50,
  });
  assert.deepEqual(two.state.inbox.order, ["a", "b", "c", "d"]);
});

test("a message moves its conversation to the front of its section", () => {
  const state = load(["p", "q", "a", "b"], 50, ["p", "q"]);
  const moved = [
    sent(51, 1, { conversation_id: "b" }),
    sent(52, 1, { conversation_id: "q" }),
  ].reduce(applyEntry, state);
  assert.deepEqual(moved.inbox.order, ["q", "p", "b", "a"]);
});

test("an entry gives a row its real place, even if the page with the row was newer", () => {
  // The page at 60 shows a above b; their messages at 58 and 57 are still to come, and so is the
  // one of c at 59, which the page did not reach.
  const last = (seq: number) => ({
    seq,
    sender: "ann",
    type: "text" as const,
    preview: "",
    sent_at: "",
    recalled: false,
  });
  const state = applyEntry(initialState(ME), created(1, "c"));
  const page = {
    conversations: [
      summary("a", { last_message: last(1) }),
      summary("b", { last_message: last(1) }),
    ],
    position: 60,
    above: undefined,
    followsFrom: 56,
  };
  const merged = [
    sent(57, 1, { conversation_id: "b" }),
    sent(58, 1, { conversation_id: "a" }),
    sent(59, 1, { conversation_id: "c" }),
  ].reduce(applyEntry, applyInboxPage(state, page).state);
  assert.deepEqual(merged.inbox.order, ["c", "a", "b"]);
});

test("a row that changes its list has its place fetched", () => {
  const state = load(["p", "a"], 50, ["p"]);
  const preferences = { muted: false, pinned: false, archived: false };
  const after = applyEntry(state, entry(51, "preferences_changed", preferences, "p"));
  assert.equal(after.stale.rows.get("p"), 51);
});

test("a row without a real key stays below what has happened since", () => {
  // The feed is at 56, the page at 60. "old" was active long ago; "c", at 57, is still to come.
  const state = applyEntry(initialState(ME), created(1, "c"));
  const page = {
    conversations: [summary("old")],
    position: 60,
    above: undefined,
    followsFrom: 56,
  };
  const late = sent(57, 1, { conversation_id: "c" });
  const after = applyEntry(applyInboxPage(state, page).state, late);
  assert.deepEqual(after.inbox.order, ["c", "old"]);
});

test("a row that is not on the first page comes after it", () => {
  const state = load(["x", "a", "b"], 50);
  const page = {
    conversations: [summary("a"), summary("b")],
    position: 60,
    above: undefined,
    followsFrom: 60,
  };
  assert.deepEqual(applyInboxPage(state, page).state.inbox.order, ["a", "b", "x"]);
});

test("an old answer does not bring back a conversation that the caller has left", () => {
  const left = [
    created(1),
    entry(5, "member_removed", { user: ME, by: ME }),
  ].reduce(applyEntry, initialState(ME));
  const state = { ...left, cursor: "5.t" };
  const page = { above: undefined, followsFrom: 4, conversations: [summary("c")] };
  const old = applyInboxPage(state, { ...page, position: 4 }).state;
  assert.deepEqual([old.conversations.size, old.stale.rows.get("c")], [0, 5]);
  const rejoined = applyInboxPage(state, { ...page, position: 6 }).state;
  assert.equal(rejoined.conversations.size, 1);
});
