// The whole client against a server in memory.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { TidingsClient, selectMessages } from "../src/index.ts";
import type { ClientOptions, ClientState } from "../src/index.ts";
import { MemoryStorage } from "../src/store/memory.ts";
import { ME, entry } from "./entries.ts";
import { FakeServer, fakeToken } from "./fake_server.ts";

const SOON = { timeoutMs: 5_000 };
const open: TidingsClient[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.stop()));
});

function connect(server: FakeServer, options: Partial<ClientOptions> = {}): TidingsClient {
  const client = new TidingsClient({
    url: "http://tidings.example",
    token: () => fakeToken(3_600),
    device: "d",
    storage: "memory",
    shareTabs: false,
    fetch: server.fetch,
    WebSocket: server.WebSocket,
    ...options,
  });
  open.push(client);
  return client;
}

const isLive = (state: ClientState) => state.connection.status === "live";
const unread = (state: ClientState) => state.conversations.get("c")?.unread;
const texts = (client: TidingsClient) =>
  selectMessages("c")(client.state).map((message) => (message.body as { text: string }).text);

test("it shows the inbox, follows the feed and acknowledges", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  assert.deepEqual(client.state.inbox.order, ["c"]);
  await client.waitFor(isLive, SOON);
  server.say("one");
  await client.waitFor((state) => unread(state) === 1, SOON);
  assert.deepEqual(texts(client), ["one"]);
  for (let tries = 0; tries < 100 && !server.acks.includes(server.cursor); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(server.acks.includes(server.cursor));
});

test("a connection that breaks continues from the cursor, and nothing counts twice", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  await client.waitFor(isLive, SOON);
  server.say("one");
  await client.waitFor((state) => unread(state) === 1, SOON);
  server.sockets.at(-1)!.end(1006);
  server.say("two");
  await client.waitFor((state) => unread(state) === 2, SOON);
  assert.deepEqual(texts(client), ["one", "two"]);
});

test("a send without an answer is sent again, and stored once", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  await client.waitFor(isLive, SOON);
  const call = "POST /v1/conversations/c/messages";
  server.answers.set(call, [
    { status: 0, body: null },
    { status: 503, body: { code: "unavailable", status: 503 }, headers: { "Retry-After": "0" } },
  ]);
  client.messages.sendText("c", "hello");
  assert.equal(client.state.outbox.length, 1);
  await client.waitFor((state) => state.outbox.length === 0, SOON);
  assert.equal(server.calls.filter((made) => made === call).length, 3);
  assert.deepEqual(texts(client), ["hello"]);
});

test("a refused send fails visibly, and can be tried again or discarded", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  const call = "POST /v1/conversations/c/messages";
  const refusal = { code: "read_only", detail: "Only admins write here.", status: 403 };
  server.answers.set(call, [{ status: 403, body: refusal }]);
  const id = client.messages.sendText("c", "hello");
  const failed = await client.waitFor(
    (state) => state.outbox.find((item) => item.status === "failed"),
    SOON,
  );
  assert.deepEqual(failed.error, { code: "read_only", status: 403, detail: refusal.detail });
  client.outbox.retry(id);
  await client.waitFor((state) => state.outbox.length === 0, SOON);
  assert.deepEqual(texts(client), ["hello"]);
});

test("the outbox survives a reload, in its order", async () => {
  const server = new FakeServer();
  const storage = new MemoryStorage();
  const offline: typeof fetch = () => Promise.reject(new TypeError("offline"));
  const before = connect(server, { storage, fetch: offline });
  await before.start();
  before.messages.sendText("c", "one");
  before.messages.sendText("c", "two");
  await before.stop();
  const after = connect(server, { storage });
  await after.start();
  await after.waitFor((state) => state.outbox.length === 0 && isLive(state), SOON);
  assert.deepEqual(texts(after), ["one", "two"]);
});

test("a start without network shows what was stored", async () => {
  const server = new FakeServer();
  const storage = new MemoryStorage();
  const before = connect(server, { storage });
  await before.start();
  await before.waitFor(isLive, SOON);
  server.say("one");
  await before.waitFor((state) => unread(state) === 1, SOON);
  await before.stop();
  const offline: typeof fetch = () => Promise.reject(new TypeError("offline"));
  server.refusesSockets = true;
  const after = connect(server, { storage, fetch: offline });
  await after.start();
  assert.deepEqual([unread(after.state), after.state.inbox.totalUnread], [1, 1]);
  assert.deepEqual(texts(after), ["one"]);
});

test("after a lost history, the inbox is read again and the outbox is kept", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  await client.waitFor(isLive, SOON);
  server.say("kept");
  server.say("lost");
  await client.waitFor((state) => unread(state) === 2, SOON);
  const call = "POST /v1/conversations/c/messages";
  server.answers.set(call, [{ status: 0, body: null }]);
  client.messages.sendText("c", "mine");
  server.restore(1);
  await client.waitFor((state) => state.outbox.length === 0 && isLive(state), SOON);
  await client.waitFor((state) => state.conversations.get("c")?.lastMessage?.seq === 2, SOON);
  await client.messages.loadLatest("c").catch(() => undefined);
  assert.equal(client.state.conversations.get("c")?.lastMessage?.preview, "mine");
  assert.equal(client.state.epoch, 1);
});

for (const [what, loseHistory, status] of [
  ["a lost history", (server: FakeServer) => server.restore(1), "failed"],
  ["a time away that is too long", (server: FakeServer) => (server.oldest = 9), "queued"],
] as const) {
  test(`after ${what}, a change that waits is ${status}`, async () => {
    const server = new FakeServer();
    const client = connect(server);
    await client.start();
    await client.waitFor(isLive, SOON);
    server.say("one");
    await client.waitFor((state) => unread(state) === 1, SOON);
    server.refusesSockets = true;
    server.sockets.at(-1)!.end(1006);
    const call = "PUT /v1/conversations/c/messages/1";
    const unavailable = { status: 503, body: { code: "unavailable", status: 503 } };
    server.answers.set(call, Array.from({ length: 50 }, () => unavailable));
    client.messages.edit("c", 1, { text: "edited" });
    await client.waitFor((state) => state.outbox[0]?.status === "queued", SOON);
    for (let said = 0; said < 9; said += 1) server.say(`${said}`);
    loseHistory(server);
    server.refusesSockets = false;
    client.reconnect();
    await client.waitFor((state) => state.epoch === 1 && isLive(state), { timeoutMs: 15_000 });
    const [item] = client.state.outbox;
    assert.equal(item?.status === "sending" ? "queued" : item?.status, status);
  });
}

test("where sockets cannot be opened, it polls", async () => {
  const server = new FakeServer();
  server.refusesSockets = true;
  const client = connect(server);
  await client.start();
  await client.waitFor((state) => state.connection.status === "polling", { timeoutMs: 15_000 });
  server.say("one");
  await client.waitFor((state) => unread(state) === 1, { timeoutMs: 10_000 });
});

test("a token is renewed before it expires, and after it is refused", async () => {
  const server = new FakeServer();
  const reasons: string[] = [];
  const token = (reason: string) => {
    reasons.push(reason);
    return fakeToken(reasons.length === 1 ? 6 : 3_600);
  };
  const client = connect(server, { token });
  await client.start();
  await client.waitFor(isLive, SOON);
  server.sockets.at(-1)!.end(4401);
  await client.waitFor((state) => !isLive(state), SOON);
  await client.waitFor(isLive, SOON);
  assert.deepEqual(reasons, ["start", "refused"]);
});

test("without a token it is signed out until there is one", async () => {
  const server = new FakeServer();
  const client = connect(server, {
    token: () => {
      throw new Error("no user is signed in");
    },
  });
  await client.start();
  assert.equal(client.state.connection.status, "signed_out");
  await client.signIn(fakeToken(3_600));
  await client.waitFor(isLive, SOON);
});

for (const [code, status] of [
  [4403, "refused"],
  [4409, "replaced"],
] as const) {
  test(`close code ${code} ends in ${status}, and start() tries again`, async () => {
    const server = new FakeServer();
    const client = connect(server);
    await client.start();
    await client.waitFor(isLive, SOON);
    server.sockets.at(-1)!.end(code);
    await client.waitFor((state) => state.connection.status === status, SOON);
    await client.start();
    await client.waitFor(isLive, SOON);
  });
}

test("many listeners hear of a change once, and only of what they selected", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  await client.waitFor(isLive, SOON);
  const heard: number[] = [];
  client.subscribe((state) => state.inbox.totalUnread, (total) => heard.push(total));
  for (const text of ["one", "two", "three"]) server.say(text);
  await client.waitFor((state) => unread(state) === 3, SOON);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(heard.at(-1), 3);
  assert(heard.length <= 3);
});

test("each entry is heard once, and what was stored", async () => {
  const server = new FakeServer();
  const client = connect(server);
  const heard: string[] = [];
  client.onEntry((entry) => heard.push(`${entry.position} ${entry.type}`));
  client.onSent(({ seq, held, masked }) => heard.push(`sent ${seq} ${held} ${masked}`));
  await client.start();
  await client.waitFor(isLive, SOON);
  server.say("one");
  await client.waitFor((state) => unread(state) === 1, SOON);
  server.sockets.at(-1)!.end(1006);
  await client.waitFor((state) => !isLive(state), SOON);
  server.say("two");
  client.reconnect();
  await client.waitFor((state) => unread(state) === 2, SOON);
  client.messages.sendText("c", "three");
  await client.waitFor(() => heard.length === 4, SOON);
  assert.deepEqual(heard.toSorted(), [
    "2 message_sent",
    "3 message_sent",
    "4 message_sent",
    "sent 3 false false",
  ]);
});

test("what is loaded and sent before the store has been read is kept", async () => {
  const server = new FakeServer();
  const profile = { id: "ann", display_name: "Ann" };
  server.answers.set("GET /v1/users", [{ status: 200, body: { users: [profile], next: null } }]);
  const client = connect(server);
  client.people.want(["ann"]);
  client.messages.sendText("c", "early");
  await client.start();
  await client.waitFor((state) => state.people.get("ann"), SOON);
  await client.waitFor((state) => state.outbox.length === 0 && isLive(state), SOON);
  assert.equal(client.state.conversations.get("c")?.lastMessage?.preview, "early");
});

test("a wrong password is not taken for a refused token", async () => {
  const server = new FakeServer();
  const reasons: string[] = [];
  const token = (reason: string) => {
    reasons.push(reason);
    return fakeToken(3_600);
  };
  const client = connect(server, { token });
  await client.start();
  const wrong = { status: 401, body: { code: "wrong_password", status: 401 } };
  const refused = { status: 401, body: { code: "revoked", status: 401 } };
  server.answers.set("PUT /v1/users/me/password", [wrong, refused, wrong]);
  const body = { old: "old", new: "new" };
  for (const expected of [["start"], ["start", "refused"]]) {
    const { response } = await client.api.PUT("/v1/users/me/password", { body });
    assert.equal(response.status, 401);
    assert.deepEqual(reasons, expected);
  }
});

test("a row that an entry makes uncertain is fetched by its id", async () => {
  const server = new FakeServer();
  server.say("one");
  server.say("two");
  const client = connect(server);
  client.start();
  await client.waitFor(isLive, SOON);
  await client.waitFor((state) => unread(state) === 2, SOON);
  const known = server.queries.length;
  server.add(entry(server.entries.length + 1, "conversation_cleared", { up_to: 1 }));
  await client.waitFor((state) => state.stale.rows.size > 0, SOON);
  await client.waitFor((state) => state.stale.rows.size === 0, SOON);
  const asked = server.queries.slice(known).filter((query) => query !== "");
  assert.equal(asked.length, 1);
  assert.match(asked[0]!, /^\?ids=c&min_position=/);
});

test("the own name is asked for again until a new account has it", async () => {
  const server = new FakeServer();
  const client = connect(server);
  client.start();
  await client.waitFor(isLive, SOON);
  client.people.want([ME]);
  await client.waitFor((state) => state.people.has(ME), SOON);
  assert.equal(client.state.people.get(ME)?.display_name, null);
  server.name = "Me Myself";
  await client.waitFor((state) => state.people.get(ME)?.display_name === "Me Myself", SOON);
  const asked = () => server.calls.filter((call) => call === "GET /v1/users").length;
  const count = asked();
  client.people.want([ME]);
  await client.people.search("nobody");
  assert.equal(asked(), count + 1, "a profile with a name is not asked for again");
});
