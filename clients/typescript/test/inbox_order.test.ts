import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../src/model/initial_state.ts";
import { applyEntry } from "../src/sync/apply_entry.ts";
import { applyInboxPage } from "../src/sync/apply_inbox.ts";
import { ME, created, entry, sent, summary } from "./entries.ts";

/** A state with these conversations, the one that was active last first. */
function load(ids: readonly string[], position: number, pinned: readonly string[] = []) {
  const conversations = ids.map((id, index) =>
    summary(id, { pinned: pinned.includes(id), activity: position - index }),
  );
  return applyInboxPage(initialState(ME), { conversations, position });
}

test("rows are in the server's order, whatever page they come with", () => {
  const rows = [
    summary("a", { pinned: true, activity: 3 }),
    summary("b", { activity: 40 }),
    summary("c", { activity: 30 }),
    summary("d", { activity: 20 }),
  ];
  const pages = [[rows[3]!, rows[1]!], [rows[2]!], [rows[0]!]];
  const state = pages.reduce(
    (before, conversations) => applyInboxPage(before, { conversations, position: 50 }),
    initialState(ME),
  );
  assert.deepEqual(state.inbox.order, ["a", "b", "c", "d"]);
});

test("a message moves its conversation to the front of its section", () => {
  const state = load(["p", "q", "a", "b"], 50, ["p", "q"]);
  const moved = [
    sent(51, 1, { conversation_id: "b" }),
    sent(52, 1, { conversation_id: "q" }),
  ].reduce(applyEntry, state);
  assert.deepEqual(moved.inbox.order, ["q", "p", "b", "a"]);
});

test("entries that a newer page already shows do not move its rows", () => {
  // The page at 60 shows a above b; their messages at 58 and 57 are still to come, and so is the
  // one of c at 59, which the page did not reach.
  const state = applyEntry(initialState(ME), created(1, "c"));
  const conversations = [summary("a", { activity: 58 }), summary("b", { activity: 57 })];
  const merged = [
    sent(57, 1, { conversation_id: "b" }),
    sent(58, 1, { conversation_id: "a" }),
    sent(59, 1, { conversation_id: "c" }),
  ].reduce(applyEntry, applyInboxPage(state, { conversations, position: 60 }));
  assert.deepEqual(merged.inbox.order, ["c", "a", "b"]);
});

test("a row that changes its section keeps its place in it without asking the server", () => {
  const state = load(["p", "a", "b"], 50, ["p"]);
  const change = (position: number, pinned: boolean, archived: boolean) =>
    entry(position, "preferences_changed", { muted: false, pinned, archived }, "p");
  const unpinned = applyEntry(state, change(51, false, false));
  assert.deepEqual(unpinned.inbox.order, ["p", "a", "b"]);
  const archived = applyEntry(unpinned, change(52, false, true));
  assert.deepEqual([archived.inbox.order, archived.inbox.archived], [["a", "b"], ["p"]]);
  const busier = applyEntry(archived, sent(53, 1, { conversation_id: "b" }));
  const back = applyEntry(busier, change(54, false, false));
  assert.deepEqual(back.inbox.order, ["b", "p", "a"]);
  assert.equal(back.stale.rows.size, 0);
});

test("an old answer does not bring back a conversation that the caller has left", () => {
  const left = [
    created(1),
    entry(5, "member_removed", { user: ME, by: ME }),
  ].reduce(applyEntry, initialState(ME));
  const state = { ...left, cursor: "5.t" };
  const page = { conversations: [summary("c")] };
  const old = applyInboxPage(state, { ...page, position: 4 });
  assert.deepEqual([old.conversations.size, old.stale.rows.get("c")], [0, 5]);
  const rejoined = applyInboxPage(state, { ...page, position: 6 });
  assert.equal(rejoined.conversations.size, 1);
});
