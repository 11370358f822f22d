import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../src/model/initial_state.ts";
import { applyEntry } from "../src/sync/apply_entry.ts";
import { applyInboxPage } from "../src/sync/apply_page.ts";
import { ME, created, entry, sent, summary } from "./entries.ts";

function load(ids: readonly string[], position: number, pinned: readonly string[] = []) {
  const conversations = ids.map((id) => summary(id, { pinned: pinned.includes(id) }));
  return applyInboxPage(initialState(ME), { conversations, position, below: undefined }).state;
}

test("pages keep the server's order, also over several pages", () => {
  const first = [summary("a", { pinned: true }), summary("b")];
  const one = applyInboxPage(initialState(ME), {
    conversations: first,
    position: 50,
    below: undefined,
  });
  const two = applyInboxPage(one.state, {
    conversations: [summary("c"), summary("d")],
    position: 52,
    below: one.last,
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
    below: undefined,
  };
  const merged = [
    sent(57, 1, { conversation_id: "b" }),
    sent(58, 1, { conversation_id: "a" }),
    sent(59, 1, { conversation_id: "c" }),
  ].reduce(applyEntry, applyInboxPage(state, page).state);
  assert.deepEqual(merged.inbox.order, ["c", "a", "b"]);
});

test("unpinning a row whose place is only estimated asks the server", () => {
  const state = load(["p", "a"], 50, ["p"]);
  const preferences = { muted: false, pinned: false, archived: false };
  const after = applyEntry(state, entry(51, "preferences_changed", preferences, "p"));
  assert.equal(after.stale.rows.get("p"), 51);
});
