// Random histories: however the feed is cut, repeated and interrupted by answers that are ahead of
// it, the state ends as a simple model says.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../src/index.ts";
import { initialState } from "../src/model/initial_state.ts";
import type { ClientState } from "../src/model/state.ts";
import { applyFeedEntry, type FeedEntry } from "../src/sync/apply_entry.ts";
import { applyInboxPage } from "../src/sync/apply_inbox.ts";
import { positionOf } from "../src/sync/cursor.ts";
import { ME, created, entry, sent, summary } from "./entries.ts";

const CONVERSATIONS = ["a", "b", "c", "d", "e", "f"];
const ROUNDS = 300;
/** How much happens before the client starts, for every second seed. */
const EARLIER_ROUNDS = 60;

/** What a server would know of one conversation. */
interface Model {
  seqs: { sender: string; isRecalled: boolean; position: number }[];
  readSeq: number;
  pinned: boolean;
  activity: number;
}

function makeModels(): Map<string, Model> {
  return new Map(
    CONVERSATIONS.map((id, index) => [
      id,
      { seqs: [], readSeq: 0, pinned: false, activity: index + 1 },
    ]),
  );
}

/** A random number generator with a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function act(models: Map<string, Model>, position: number, next: () => number): Entry {
  const id = CONVERSATIONS[Math.floor(next() * CONVERSATIONS.length)]!;
  const model = models.get(id)!;
  const draw = next();
  const head = model.seqs.length;
  const seq = 1 + Math.floor(next() * head);
  if (head > 0 && draw < 0.2) {
    model.readSeq = seq;
    return entry(position, "conversation_read", { user: ME, read_seq: seq }, id);
  }
  if (head > 0 && draw < 0.35 && !model.seqs[seq - 1]!.isRecalled) {
    model.seqs[seq - 1]!.isRecalled = true;
    return entry(position, "message_recalled", { seq, by: "ann" }, id);
  }
  if (draw < 0.45) {
    model.pinned = !model.pinned;
    const data = { muted: false, pinned: model.pinned, archived: false };
    return entry(position, "preferences_changed", data, id);
  }
  const sender = next() < 0.2 ? ME : "ann";
  model.seqs.push({ sender, isRecalled: false, position });
  if (sender === ME) model.readSeq = head + 1;
  model.activity = position;
  return sent(position, head + 1, { sender, conversation_id: id });
}

function unreadOf(model: Model): number {
  return model.seqs.filter(
    ({ sender, isRecalled }, index) => sender !== ME && !isRecalled && index + 1 > model.readSeq,
  ).length;
}

function orderOf(models: Map<string, Model>): string[] {
  const ids = [...models.keys()];
  const key = (id: string) => (models.get(id)!.pinned ? 1e9 : 0) + models.get(id)!.activity;
  return ids.sort((a, b) => key(b) - key(a));
}

/** What the server answers now. */
function answer(state: ClientState, models: Map<string, Model>, position: number): ClientState {
  const conversations = orderOf(models).map((id) => {
    const model = models.get(id)!;
    const seq = model.seqs.length;
    const last = model.seqs.at(-1);
    const last_message = last
      ? {
          seq,
          sender: last.sender,
          type: "text" as const,
          preview: last.isRecalled ? null : `text ${seq}`,
          sent_at: new Date(seq * 1_000).toISOString(),
          recalled: last.isRecalled,
        }
      : null;
    const { pinned, activity, readSeq: read_seq } = model;
    const unread = unreadOf(model);
    return summary(id, { last_message, pinned, activity, read_seq, unread });
  });
  return applyInboxPage(state, { conversations, position });
}

/** Sends the feed from somewhere before the cursor, as after a reconnect or a redelivery. */
function deliver(
  state: ClientState,
  feed: readonly FeedEntry[],
  next: () => number,
): ClientState {
  const at = positionOf(state.cursor);
  const from = Math.max(0, at - Math.floor(next() * 4));
  const to = Math.min(feed.length, at + Math.floor(next() * 5));
  return feed.slice(from, to).reduce(applyFeedEntry, state);
}

for (const seed of Array.from({ length: 40 }, (_, index) => index)) {
  test(`the state follows a random feed, seed ${seed}`, () => {
    const next = generator(seed);
    const models = makeModels();
    const feed: FeedEntry[] = CONVERSATIONS.map((id, index) => ({
      entry: created(index + 1, id),
      cursor: `${index + 1}.t`,
      more: false,
    }));
    const add = () => {
      const position = feed.length + 1;
      feed.push({ entry: act(models, position, next), cursor: `${position}.t`, more: false });
      return position;
    };
    let state = initialState(ME);
    if (seed % 2 === 1) {
      for (let round = 0; round < EARLIER_ROUNDS; round += 1) add();
      state = { ...state, cursor: `${feed.length}.t` };
      state = answer(state, models, feed.length);
    }
    const missed = positionOf(state.cursor);
    for (let round = 0; round < ROUNDS; round += 1) {
      const position = add();
      state = deliver(state, feed, next);
      // Sometimes an answer shows what the feed has not brought yet.
      if (next() < 0.1) state = answer(state, models, position);
    }
    while (positionOf(state.cursor) < feed.length) state = deliver(state, feed, next);
    if (state.stale.rows.size > 0) state = answer(state, models, feed.length);
    assert.equal(state.stale.rows.size, 0);
    for (const [id, model] of models) {
      assert.equal(state.conversations.get(id)?.unread, unreadOf(model), `unread of ${id}`);
      const received = model.seqs.filter(({ position }) => position > missed);
      assert.equal(state.timelines.get(id)?.messages.size ?? 0, received.length);
    }
    assert.deepEqual(state.inbox.order, orderOf(models));
    const total = [...models.values()].reduce((sum, model) => sum + unreadOf(model), 0);
    assert.equal(state.inbox.totalUnread, total);
  });
}
