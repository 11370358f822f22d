// Several tabs of one user share a connection. Node.js has the browser's Web Locks and
// BroadcastChannel.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { TidingsClient, selectMessages } from "../src/index.ts";
import type { ClientState } from "../src/index.ts";
import { FakeServer, fakeToken } from "./fake_server.ts";

const SOON = { timeoutMs: 5_000 };
const open = new Set<TidingsClient>();

afterEach(async () => {
  for (const tab of open) await close(tab);
});

function openTab(server: FakeServer, url: string): TidingsClient {
  const tab = new TidingsClient({
    url,
    token: () => fakeToken(3_600),
    storage: "indexeddb",
    shareTabs: true,
    fetch: server.fetch,
    WebSocket: server.WebSocket,
  });
  open.add(tab);
  return tab;
}

async function close(tab: TidingsClient): Promise<void> {
  open.delete(tab);
  await tab.stop();
}

const unread = (state: ClientState) => state.conversations.get("c")?.unread;
const leads = (state: ClientState) => state.connection.status === "live";
const follows = (state: ClientState) =>
  state.connection.status === "following" && state.connection.leader === "live";

async function openTwo(server: FakeServer, url: string) {
  const leader = openTab(server, url);
  await leader.start();
  await leader.waitFor(leads, SOON);
  const follower = openTab(server, url);
  await follower.start();
  await follower.waitFor(follows, SOON);
  return { leader, follower };
}

test("the second tab follows the first: one socket, the same state", async () => {
  const server = new FakeServer();
  const { leader, follower } = await openTwo(server, "http://one.example");
  server.say("one");
  await follower.waitFor((state) => unread(state) === 1, SOON);
  assert.equal(unread(leader.state), 1);
  assert.equal(server.sockets.length, 1);
});

test("what a tab that follows sends is sent once, by the leader", async () => {
  const server = new FakeServer();
  const { leader, follower } = await openTwo(server, "http://two.example");
  follower.messages.sendText("c", "hello");
  assert.equal(follower.state.outbox.length, 1);
  await follower.waitFor((state) => state.outbox.length === 0, SOON);
  await leader.waitFor((state) => state.outbox.length === 0, SOON);
  for (const tab of [leader, follower]) {
    assert.equal(selectMessages("c")(tab.state).length, 1);
  }
  const sends = server.calls.filter((call) => call === "POST /v1/conversations/c/messages");
  assert.equal(sends.length, 1);
});

test("when the leader closes, the next tab takes over where it stands", async () => {
  const server = new FakeServer();
  const { leader, follower } = await openTwo(server, "http://three.example");
  server.say("one");
  await follower.waitFor((state) => unread(state) === 1, SOON);
  await close(leader);
  await follower.waitFor(leads, SOON);
  server.say("two");
  await follower.waitFor((state) => unread(state) === 2, SOON);
  assert.equal(server.sockets.length, 2);
});

test("what no leader has sent is sent by the next one", async () => {
  const server = new FakeServer();
  const { leader, follower } = await openTwo(server, "http://four.example");
  server.answers.set(
    "POST /v1/conversations/c/messages",
    Array.from({ length: 3 }, () => ({ status: 0, body: null })),
  );
  follower.messages.sendText("c", "hello");
  await leader.waitFor((state) => state.outbox.length === 1, SOON);
  await close(leader);
  await follower.waitFor((state) => leads(state) && state.outbox.length === 0, SOON);
  assert.equal(selectMessages("c")(follower.state).length, 1);
});

test("a lost history reaches all tabs", async () => {
  const server = new FakeServer();
  const { follower } = await openTwo(server, "http://five.example");
  server.say("kept");
  server.say("lost");
  await follower.waitFor((state) => unread(state) === 2, SOON);
  server.restore(1);
  await follower.waitFor((state) => unread(state) === 1 && follows(state), SOON);
});

test("signing out in one tab signs out the others and empties the store", async () => {
  const server = new FakeServer();
  const { leader, follower } = await openTwo(server, "http://six.example");
  await follower.signOut();
  await leader.waitFor((state) => state.connection.status === "signed_out", SOON);
  assert.equal(leader.state.conversations.size + follower.state.conversations.size, 0);
});

test("the tab that takes over leaves in the store what it shows", async () => {
  const server = new FakeServer();
  const url = "http://seven.example";
  const { leader, follower } = await openTwo(server, url);
  server.say("one");
  await follower.waitFor((state) => unread(state) === 1, SOON);
  await close(leader);
  await follower.waitFor(leads, SOON);
  server.say("two");
  await follower.waitFor((state) => unread(state) === 2, SOON);
  await close(follower);
  server.refusesSockets = true;
  server.answers.set("GET /v1/inbox/entries", [{ status: 0, body: null }]);
  const reopened = openTab(server, url);
  await reopened.start();
  assert.equal(unread(reopened.state), 2);
  assert.equal(selectMessages("c")(reopened.state).length, 2);
});
