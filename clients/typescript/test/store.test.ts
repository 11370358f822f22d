// The store in the browser, with an IndexedDB in memory.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../src/model/initial_state.ts";
import { PersistentMap } from "../src/model/persistent_map.ts";
import type { OutboxItem } from "../src/model/state.ts";
import { openIndexedDb } from "../src/store/indexeddb.ts";
import { changesToSave, readSavedState } from "../src/store/saved_state.ts";
import { applyFeedEntry } from "../src/sync/apply_entry.ts";
import { ME, created, sent } from "./entries.ts";

const feed = [created(1), sent(2, 1), sent(3, 2)].map((entry) => ({
  entry,
  cursor: `${entry.position}.t`,
  more: false,
}));

const item: OutboxItem = {
  id: "k",
  kind: "send",
  conversationId: "c",
  message: { type: "text", body: { text: "hello" } },
  createdAt: 1,
  status: "sending",
  error: null,
  position: null,
  seq: null,
  sentAt: null,
};

test("what is stored comes back, and the outbox is to be sent", async () => {
  const storage = await openIndexedDb("round trip");
  const state = { ...feed.reduce(applyFeedEntry, initialState(ME)), outbox: [item] };
  await storage.write(changesToSave(null, state));
  const read = await readSavedState(storage, ME);
  assert.deepEqual([...read.conversations], [...state.conversations]);
  assert.deepEqual([...read.timelines.get("c")!.messages], [
    ...state.timelines.get("c")!.messages,
  ]);
  assert.deepEqual([read.cursor, read.inbox], [state.cursor, state.inbox]);
  assert.deepEqual(read.outbox, [{ ...item, status: "queued" }]);
  await storage.close();
});

test("only what has changed is written", async () => {
  const before = feed.slice(0, 2).reduce(applyFeedEntry, initialState(ME));
  const changes = changesToSave(before, feed.slice(2).reduce(applyFeedEntry, before));
  const keys = changes.map(({ table, key }) => `${table} ${key}`).sort();
  assert.deepEqual(keys, ["conversations c", "meta state", "timelines c"]);
  assert.deepEqual(changesToSave(before, before), []);
});

test("the state of another user is not shown", async () => {
  const storage = await openIndexedDb("other user");
  await storage.write(changesToSave(null, feed.reduce(applyFeedEntry, initialState(ME))));
  assert.equal((await readSavedState(storage, "somebody")).cursor, null);
  await storage.clear();
  assert.deepEqual(await storage.readAll("conversations"), []);
  await storage.close();
});

test("a persistent map behaves as a map and shares what has not changed", () => {
  const expected = new Map<string, number>();
  let map = PersistentMap.empty<string, number>();
  for (let index = 0; index < 3_000; index += 1) {
    const key = `key ${(index * 7919) % 1_000}`;
    if (index % 5 === 4) {
      expected.delete(key);
      map = map.delete(key);
    } else {
      expected.set(key, index);
      map = map.set(key, index);
    }
  }
  assert.equal(map.size, expected.size);
  assert.deepEqual(new Map(map), expected);
  const changed = map.set("key 1", -1).delete("key 2");
  assert.deepEqual([...changed.changedKeys(map)].sort(), ["key 1", "key 2"]);
  assert.equal(map.set("key 3", map.get("key 3")!), map);
});

test("a large inbox is stored in turns, and as a whole", async (context) => {
  const storage = await openIndexedDb("large inbox");
  const put = IDBObjectStore.prototype.put;
  let inThisTask = 0;
  let most = 0;
  const countedPut = function (this: IDBObjectStore, value: unknown, key: string) {
    if (inThisTask === 0) setImmediate(() => (inThisTask = 0));
    inThisTask += 1;
    most = Math.max(most, inThisTask);
    return put.call(this, value, key);
  };
  context.mock.method(IDBObjectStore.prototype, "put", countedPut);
  const rows = Array.from({ length: 2_000 }, (_, index) => ({
    table: "conversations" as const,
    key: `c${index}`,
    value: { id: `c${index}` },
  }));
  await storage.write(rows);
  assert.equal((await storage.readAll("conversations")).length, rows.length);
  assert.ok(most <= 500, `${most} values are put in one task`);
  await storage.close();
});
