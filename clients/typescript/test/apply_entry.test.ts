import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../src/model/initial_state.ts";
import type { ClientState } from "../src/model/state.ts";
import { applyEntry, applyFeedEntry } from "../src/sync/apply_entry.ts";
import { applyInboxPage } from "../src/sync/apply_inbox.ts";
import { applyHistoryPage, applyThread } from "../src/sync/apply_page.ts";
import { ME, created, entry, message, sent, summary } from "./entries.ts";

const start = applyEntry(initialState(ME), created(1));
const row = (state: ClientState) => state.conversations.get("c")!;
const play = (state: ClientState, ...entries: Parameters<typeof applyEntry>[1][]) =>
  entries.reduce(applyEntry, state);

test("a message of somebody else is unread, with its mention, and in the preview", () => {
  const state = play(start, sent(2, 1), sent(3, 2, { mentions: [ME] }));
  assert.deepEqual([row(state).unread, row(state).mentions], [2, 1]);
  assert.equal(state.inbox.totalUnread, 2);
  assert.equal(row(state).lastMessage?.preview, "text 2");
  assert.deepEqual(state.timelines.get("c")?.ranges, [{ from: 1, to: 2 }]);
});

test("control messages are kept, and neither counted nor previewed", () => {
  const state = play(start, sent(2, 1, { type: "control", body: { beat: 1 } as never }));
  assert.deepEqual([row(state).unread, row(state).lastMessage], [0, null]);
  assert.equal(state.timelines.get("c")?.messages.size, 1);
});

test("a message of the caller reads what came before it", () => {
  const state = play(start, sent(2, 1), sent(3, 2, { sender: ME }));
  assert.deepEqual([row(state).unread, row(state).readSeq], [0, 2]);
});

test("a read mark at the newest message leaves nothing unread, one in the middle asks", () => {
  const unread = play(start, sent(2, 1), sent(3, 2));
  const read = play(unread, entry(4, "conversation_read", { user: ME, read_seq: 2 }));
  assert.deepEqual([row(read).unread, read.stale.rows.size], [0, 0]);
  const middle = play(unread, entry(4, "conversation_read", { user: ME, read_seq: 1 }));
  assert.deepEqual([row(middle).unread, middle.stale.rows.get("c")], [2, 4]);
});

test("the mark of somebody else is a receipt and changes no badge", () => {
  const mark = { user: "ann", read_seq: 1 };
  const state = play(start, sent(2, 1), entry(3, "conversation_read", mark));
  assert.equal(row(state).unread, 1);
  assert.equal(state.receipts.get("c")?.read.ann, 1);
});

test("a recall of an unread message asks the server, of a read one it does not", () => {
  const unread = play(start, sent(2, 1), entry(3, "message_recalled", { seq: 1, by: "ann" }));
  assert.equal(unread.stale.rows.get("c"), 3);
  assert.equal(row(unread).lastMessage?.recalled, true);
  assert.equal(unread.timelines.get("c")?.messages.get(1)?.body, null);
  const read = play(
    start,
    sent(2, 1, { sender: ME }),
    entry(3, "message_recalled", { seq: 1, by: ME }),
  );
  assert.equal(read.stale.rows.size, 0);
});

test("entries that a row already shows are not counted again", () => {
  const last = { seq: 2, sender: "ann", type: "text" as const, preview: "text 2" };
  const page = {
    conversations: [
      summary("c", {
        unread: 2,
        last_message: { ...last, sent_at: new Date(2_000).toISOString(), recalled: false },
      }),
    ],
    position: 3,
  };
  const state = applyInboxPage(start, page);
  const later = play(state, sent(2, 1), sent(3, 2), sent(4, 3));
  assert.equal(row(later).unread, 3);
  assert.equal(later.inbox.totalUnread, 3);
});

test("muted and archived conversations count in their row and not in the total", () => {
  const muted = play(
    start,
    entry(2, "preferences_changed", { muted: true, pinned: false, archived: false }),
    sent(3, 1),
  );
  assert.deepEqual([row(muted).unread, muted.inbox.totalUnread], [1, 0]);
  const archived = play(
    muted,
    entry(4, "preferences_changed", { muted: false, pinned: false, archived: true }),
  );
  assert.deepEqual([archived.inbox.order, archived.inbox.archived], [[], ["c"]]);
  assert.equal(archived.inbox.totalUnread, 0);
});

test("leaving forgets everything of the conversation", () => {
  const state = play(start, sent(2, 1), entry(3, "member_removed", { user: ME, by: ME }));
  assert.equal(state.conversations.size + state.timelines.size, 0);
  assert.equal(state.inbox.totalUnread, 0);
  assert.deepEqual(state.inbox.order, []);
});

test("a conversation that is not known is fetched", () => {
  const state = play(initialState(ME), sent(7, 3));
  assert.equal(state.stale.rows.get("c"), 7);
});

test("the entries of one position are each applied once, and the cursor moves at the last", () => {
  const both = play(start, created(2, "d"));
  const at = { cursor: "5.t", more: true };
  const first = { entry: sent(5, 1), ...at };
  const once = applyFeedEntry(applyFeedEntry(both, first), first);
  assert.equal(once.cursor, null);
  assert.equal(row(once).unread, 1);
  const second = { entry: sent(5, 1, { conversation_id: "d" }), cursor: "5.t", more: false };
  const done = [second, first, second].reduce(applyFeedEntry, once);
  assert.equal(done.cursor, "5.t");
  assert.deepEqual([row(done).unread, done.conversations.get("d")?.unread], [1, 1]);
});

test("reactions are idempotent, and a list that is not complete is fetched", () => {
  const reacted = play(
    start,
    sent(2, 1, { reactions: { heart: ["bob"] } }),
    entry(3, "reaction_added", { seq: 1, key: "heart", user: "bob" }),
    entry(4, "reaction_added", { seq: 1, key: "heart", user: ME }),
  );
  const heart = reacted.timelines.get("c")?.messages.get(1)?.reactions.heart;
  assert.deepEqual(heart, { count: 2, mine: true, users: ["bob", ME] });
  const many = { heart: { count: 60, mine: false, users: ["bob"] } };
  const page = { messages: [message(1, { reactions: many })], position: 2 };
  const loaded = applyHistoryPage(start, "c", { ...page, covers: null, headSeq: null });
  const after = play(loaded, entry(3, "reaction_added", { seq: 1, key: "heart", user: "eve" }));
  assert.equal(after.stale.messages.get("1/c"), 3);
});

test("a message that was loaded at a later position ignores earlier entries", () => {
  const page = { messages: [message(1, { body: { text: "new" } })], position: 9 };
  const loaded = applyHistoryPage(start, "c", { ...page, covers: null, headSeq: null });
  const edit = { seq: 1, body: { text: "old" }, edited_at: "", by: "ann" };
  const after = play(loaded, sent(2, 1), entry(3, "message_edited", edit));
  assert.deepEqual(after.timelines.get("c")?.messages.get(1)?.body, { text: "new" });
});

test("replies are counted in their root; a recalled one has the root fetched", () => {
  const state = play(start, sent(2, 1), sent(3, 2, { thread: 1, sender: "bob" }));
  const replies = state.timelines.get("c")?.messages.get(1)?.replies;
  assert.deepEqual(replies, { count: 1, last_seq: 2, users: ["bob"] });
  const recalled = play(state, entry(4, "message_recalled", { seq: 2, by: "bob" }));
  assert.equal(recalled.stale.messages.get("1/c"), 4);
});

test("a reply that arrives while its thread is being loaded is part of the thread", () => {
  const state = play(start, sent(2, 1), sent(3, 2, { thread: 1 }));
  const before = { root: message(1, { position: 2 }), messages: [], hasOlder: false, position: 2 };
  assert.deepEqual(applyThread(state, "c", before).threads.get("c/1")?.seqs, [2]);
});

test("what has arrived leaves the outbox", () => {
  const item = {
    id: "k",
    kind: "send" as const,
    conversationId: "c",
    message: { type: "text" as const, body: { text: "hello" } },
    createdAt: 1,
    status: "sending" as const,
    error: null,
    position: null,
    seq: null,
    sentAt: null,
  };
  const arrived = sent(2, 1, { client_message_id: "k", sender: ME });
  const state = play({ ...start, outbox: [item] }, arrived);
  assert.deepEqual(state.outbox, []);
});
