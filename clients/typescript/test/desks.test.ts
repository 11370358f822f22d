// Service desks in the state: what frames and entries make of the lists.
import assert from "node:assert/strict";
import { test } from "node:test";
import { selectSession, type Desk, type ServiceSession } from "../src/index.ts";
import { applyFrames } from "../src/live/frames.ts";
import { initialState } from "../src/model/initial_state.ts";
import type { ClientState } from "../src/model/state.ts";
import { applyEntry } from "../src/sync/apply_entry.ts";
import { entry, ME, sent } from "./entries.ts";

const DESK: Desk = { id: "billing", title: "Billing", is_agent: true, waiting: 0, open: 0 };

function session(id: string, change: Partial<ServiceSession> = {}): ServiceSession {
  return {
    id,
    desk: "billing",
    conversation_id: "c",
    customer: "ann",
    agent: ME,
    state: "open",
    opened_at: "2026-11-01T10:00:00Z",
    accepted_at: null,
    closed_at: null,
    closed_by: null,
    reason: null,
    waiting_s: 0,
    last_customer_at: null,
    last_agent_at: null,
    reply_due_at: null,
    rating: null,
    rating_text: null,
    custom: null,
    ...change,
  };
}

function state(change: Partial<ClientState> = {}): ClientState {
  return {
    ...initialState(ME),
    desks: { items: [DESK], loaded: true },
    sessions: { items: [session("c.1")], loaded: true },
    waiting: { items: [], loaded: true },
    ...change,
  };
}

const frame = { type: "desk" as const, desk: "billing", waiting: 2, open: 1 };
const stale = ({ stale: { lists } }: ClientState) => [...lists].map(([name]) => name).toSorted();

test("a frame about a desk has its numbers, and the queue is read again", () => {
  const next = applyFrames(state(), [frame]);
  assert.deepEqual(next.desks.items, [{ ...DESK, waiting: 2, open: 1 }]);
  assert.deepEqual(stale(next), ["waiting"]);
});

test("a frame about a desk that was not the caller's has the desks read again", () => {
  const desks = { items: [{ ...DESK, is_agent: false }], loaded: true };
  assert.deepEqual(stale(applyFrames(state({ desks }), [frame])), ["desks", "waiting"]);
});

test("nothing is read that nobody has asked for", () => {
  assert.deepEqual(stale(applyFrames(initialState(ME), [frame])), []);
});

test("what happens to a session, and the messages in it, have the sessions read again", () => {
  const data = { session_id: "c.1", desk: "billing", agent: ME, reason: null, by: "ann" };
  for (const type of [
    "session_opened",
    "session_accepted",
    "session_transferred",
    "session_closed",
  ] as const) {
    assert.deepEqual(stale(applyEntry(state(), entry(5, type, data))), ["sessions"], type);
  }
  const reminder = { session_id: "c.1", conversation_id: "c", desk: "billing", agent: null };
  const due = "2026-11-01T10:05:00Z";
  const reminded = entry(5, "session_reminded", { ...reminder, due }, null);
  assert.deepEqual(stale(applyEntry(state(), reminded)), ["waiting"]);
  const created = entry(1, "conversation_created", {
    id: "c",
    kind: "desk",
    title: "Billing",
    history: "all",
    by: "ann",
    member_count: 2,
    members: ["ann", ME],
  });
  const open = applyEntry(state(), created);
  assert.deepEqual(stale(applyEntry(open, sent(2, 1))), ["sessions"]);
  const closed = session("c.1", { state: "closed" });
  const over = { ...open, sessions: { items: [closed], loaded: true } };
  assert.deepEqual(stale(applyEntry(over, sent(2, 1))), []);
});

test("the session of a conversation is the newest that the caller has or could accept", () => {
  const select = selectSession("c");
  const old = session("c.1", { state: "closed" });
  const waiting = session("c.2", { state: "waiting", agent: null });
  const sessions = { items: [old], loaded: true };
  assert.equal(select(state({ sessions }))?.id, "c.1");
  assert.equal(select(state({ sessions, waiting: { items: [waiting], loaded: true } }))?.id, "c.2");
  // The queue may still have what the caller has just accepted.
  const accepted = { items: [session("c.2"), old], loaded: true };
  const both = state({ sessions: accepted, waiting: { items: [waiting], loaded: true } });
  assert.equal(select(both)?.state, "open");
  assert.equal(selectSession("other")(both), undefined);
});
