// Uploads and downloads against files in memory, with connections that break.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ApiError, TidingsClient, createApi, selectMessages } from "../src/index.ts";
import type { Api, ClientOptions, SendItem } from "../src/index.ts";
import { download } from "../src/files/download.ts";
import type { Pauses } from "../src/files/pauses.ts";
import { upload } from "../src/files/upload.ts";
import { MemoryStorage } from "../src/store/memory.ts";
import { FakeServer, fakeToken } from "./fake_server.ts";

const SOON = { timeoutMs: 10_000 };
const MIB = 1024 * 1024;
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

function bytesOf(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) % 251);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

const firstItem = (client: TidingsClient) => client.state.outbox[0] as SendItem | undefined;

test("an upload that breaks goes on where the server stopped", async () => {
  const server = new FakeServer();
  const client = connect(server);
  const bytes = bytesOf(2 * MIB);
  server.files.breaks.push(100_000, 0);
  const progress: number[] = [];
  const file = await client.upload(new Blob([bytes]), {
    name: "a.bin",
    onProgress: (sent, size) => {
      assert.equal(size, bytes.length);
      progress.push(sent);
    },
  });
  assert.deepEqual(file, {
    id: "f1",
    name: "a.bin",
    type: "application/octet-stream",
    size: bytes.length,
    width: null,
    height: null,
  });
  assert(isSame(server.files.all.get("f1")!.bytes, bytes));
  assert.equal(progress.at(-1), bytes.length);
  assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
  const { ranges } = server.files;
  assert.equal(ranges.filter((range) => range.startsWith("bytes */")).length, 2);
  assert(ranges.some((range) => range.startsWith("bytes 100000-")), String(ranges));
  assert(ranges.filter((range) => range.startsWith("bytes 0-")).length === 1, String(ranges));
});

test("whatever breaks, the bytes arrive as they are, and only once", async () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  const random = randomNumbers(seed);
  const pauses = { wait: async () => {}, wake: () => {} } as unknown as Pauses;
  for (let run = 0; run < 60; run += 1) {
    const { files, fetch } = new FakeServer();
    const api = createApi({ url: "http://tidings.example", fetch });
    const bytes = bytesOf(Math.floor(random() ** 3 * MIB));
    for (let at = random() * 8; at > 0; at -= 1) {
      files.breaks.push(Math.floor(random() * 300_000));
    }
    let expiries = random() < 0.3 ? 1 : 0;
    const onProgress = () => {
      if (expiries > 0 && random() < 0.5) {
        for (const file of files.all.values()) file.isExpired = true;
        expiries -= 1;
      }
    };
    const { signal } = new AbortController();
    const options = { blob: new Blob([bytes]), name: "a", type: "", key: "k", fileId: null };
    const { id } = await upload(api, pauses, { ...options, signal, onProgress });
    assert(isSame(files.all.get(id)!.bytes, bytes), `SEED=${seed}, run ${run}`);
    assert(files.all.size <= 2, `SEED=${seed}, run ${run}`);
    // A download gives up after a few.
    files.breaks.splice(3);
    assert(isSame(await received(api, id), bytes), `SEED=${seed}, run ${run}`);
  }

  async function received(api: Api, id: string): Promise<Uint8Array> {
    const blob = await download(api, pauses, id, { min_position: "0" }, {});
    return new Uint8Array(await blob.arrayBuffer());
  }
});

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test("a file without bytes is stored, and comes back", async () => {
  const server = new FakeServer();
  const client = connect(server);
  const { id, size } = await client.upload(new Blob([]), { name: "empty" });
  assert.equal(size, 0);
  assert.equal((await client.download(id)).size, 0);
});

test("an upload that the server has forgotten is announced again", async () => {
  const server = new FakeServer();
  const client = connect(server);
  server.files.breaks.push(10);
  const expire = () => (server.files.all.get("f1")!.isExpired = true);
  // After the break it asks how far the server has got, which is progress.
  const file = await client.upload(new Blob([bytesOf(100)]), { onProgress: expire });
  assert.equal(file.id, "f2");
  assert.equal(server.files.all.get("f2")!.bytes.length, 100);
});

test("a refused file and a signal end an upload", async () => {
  const server = new FakeServer();
  const client = connect(server);
  server.files.limit = 10;
  const isRefusal = (error: unknown) => error instanceof ApiError && error.code === "too_large";
  await assert.rejects(client.upload(new Blob([bytesOf(11)])), isRefusal);
  const controller = new AbortController();
  const offline: typeof fetch = () => Promise.reject(new TypeError("offline"));
  const waiting = connect(server, { fetch: offline });
  const upload = waiting.upload(new Blob(["x"]), { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(upload, /enough/);
});

test("a download goes on after a break, and a preview falls back to the image", async () => {
  const server = new FakeServer();
  const client = connect(server);
  const bytes = bytesOf(MIB);
  const { id } = await client.upload(new Blob([bytes]), { name: "a" });
  server.files.breaks.push(0, 0);
  const progress: number[] = [];
  const onProgress = (received: number) => void progress.push(received);
  const blob = await client.download(id, { onProgress });
  assert(isSame(new Uint8Array(await blob.arrayBuffer()), bytes));
  assert.equal(progress.at(-1), bytes.length);
  assert.equal(await (await client.download(id, { preview: 256 })).text(), "preview");
  server.files.hasPreviews = false;
  assert.equal((await client.download(id, { preview: 256 })).size, bytes.length);
  await assert.rejects(client.download("f9"), (error: ApiError) => error.status === 404);
  // A server that does not have the upload yet waits for it.
  assert.deepEqual([...new Set(server.files.minPositions)], [7]);
});

test("a message is sent once its file is stored, with the type of the bytes", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  const shown: string[] = [];
  client.subscribe(firstStatus, (status) => status && shown.push(status));
  const file = new File(["GIF and more"], "cat.txt", { type: "text/plain" });
  client.messages.sendFile("c", file, { body: { text: "my cat" } });
  assert.equal(firstItem(client)?.message.type, "file");
  await client.waitFor((state) => state.outbox.length === 0, SOON);
  const [message] = selectMessages("c")(client.state);
  const { text, file: id, name } = message!.body as Record<string, unknown>;
  assert.deepEqual([text, id, name], ["my cat", "f1", "cat.txt"]);
  assert(shown.includes("uploading"), String(shown));
  assert.equal(server.sent.at(-1)?.type, "image");
});

function firstStatus(state: TidingsClient["state"]): string | undefined {
  return state.outbox[0]?.status;
}

test("texts overtake an upload, and files keep their order", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  server.files.breaks.push(5);
  client.messages.sendFile("c", new File(["a long file"], "one"));
  client.messages.sendFile("c", new File(["b"], "two"));
  client.messages.sendText("c", "meanwhile");
  await client.waitFor((state) => state.outbox.length === 0, SOON);
  const bodies = server.sent.map(({ body }) => body as { text?: string; name?: string });
  assert.deepEqual(
    bodies.map(({ text, name }) => text ?? name),
    ["meanwhile", "one", "two"],
  );
});

test("a refused file fails visibly, can be tried again, and can be given up", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  server.files.limit = 1;
  const id = client.messages.sendFile("c", new File(["large"], "one"));
  const failed = await client.waitFor(
    (state) => state.outbox.find((item) => item.status === "failed"),
    SOON,
  );
  assert.equal(failed.error?.code, "too_large");
  assert.equal(await (await client.outbox.file(id))?.text(), "large");
  server.files.limit = 10;
  client.outbox.retry(id);
  await client.waitFor((state) => state.outbox.length === 0, SOON);
  assert.equal(server.sent.length, 1);
  while ((await client.outbox.file(id)) !== null) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  server.files.limit = 1;
  const other = client.messages.sendFile("c", new File(["large"], "two"));
  await client.waitFor((state) => state.outbox[0]?.status === "failed", SOON);
  client.outbox.discard(other);
  assert.equal(client.state.outbox.length, 0);
});

test("a file that is gone when its message arrives is uploaded again", async () => {
  const server = new FakeServer();
  const client = connect(server);
  await client.start();
  const call = "POST /v1/conversations/c/messages";
  const refusal = { code: "file_not_ready", detail: "The file was deleted.", status: 422 };
  server.answers.set(call, [{ status: 422, body: refusal }]);
  const id = client.messages.sendFile("c", new File(["one"], "one"));
  await client.waitFor((state) => state.outbox[0]?.status === "failed", SOON);
  client.outbox.retry(id);
  await client.waitFor((state) => state.outbox.length === 0, SOON);
  assert.deepEqual([...server.files.all.keys()], ["f1", "f2"]);
  assert.equal((server.sent.at(-1)!.body as { file?: string }).file, "f2");
});

test("an upload goes on after a reload, from where the server has got", async () => {
  const server = new FakeServer();
  const bytes = bytesOf(MIB);
  for (const storage of [new MemoryStorage(), "indexeddb" as const]) {
    const before = connect(server, { storage });
    await before.start();
    // After the first range nothing arrives any more.
    server.files.breaks.push(200_000, ...Array(50).fill(0));
    before.messages.sendFile("c", new File([bytes], "one"));
    const isAnnounced = () => firstItem(before)?.upload?.fileId != null;
    await before.waitFor(isAnnounced, SOON);
    await before.waitFor(() => server.files.breaks.length < 50, SOON).catch(() => undefined);
    await before.stop();
    server.files.breaks.length = 0;
    const { ranges } = server.files;
    ranges.length = 0;
    const after = connect(server, { storage });
    await after.start();
    await after.waitFor((state) => state.outbox.length === 0, SOON);
    assert.equal(ranges[0], `bytes */${bytes.length}`);
    assert(!ranges.some((range) => range.startsWith("bytes 0-")), String(ranges));
    assert(isSame([...server.files.all.values()].at(-1)!.bytes, bytes));
    await after.stop();
  }
  assert.equal(server.sent.length, 2);
});

test("what a tab that follows attaches is uploaded by the leader, or by the next one", async () => {
  const server = new FakeServer();
  const options = { storage: "indexeddb" as const, shareTabs: true, url: "http://tabs.example" };
  const [leader, follower] = [connect(server, options), connect(server, options)];
  await leader.start();
  await leader.waitFor((state) => state.connection.status === "live", SOON);
  await follower.start();
  await follower.waitFor((state) => state.connection.leader === "live", SOON);
  follower.messages.sendFile("c", new File(["one"], "one"));
  await follower.waitFor((state) => state.outbox.length === 0, SOON);
  assert.equal(server.sent.length, 1);

  server.files.breaks.push(1, 0, 0);
  follower.messages.sendFile("c", new File(["two"], "two"));
  await leader.waitFor((state) => firstUpload(state)?.status === "uploading", SOON);
  await leader.stop();
  await follower.waitFor((state) => state.outbox.length === 0, SOON);
  assert.deepEqual(server.sent.map(({ body }) => (body as { name: string }).name), ["one", "two"]);
});

function firstUpload(state: TidingsClient["state"]): SendItem | undefined {
  return state.outbox[0] as SendItem | undefined;
}

test("pushes are registered for the device, and dropped at a sign-out", async () => {
  const server = new FakeServer();
  const client = connect(server);
  assert.equal(client.device, "d");
  await assert.rejects(client.push.drop(), /not started/);
  await client.start();
  const path = "/v1/devices/d/push";
  server.answers.set(`PUT ${path}`, [{ status: 200, body: { position: 1 } }]);
  server.answers.set(`DELETE ${path}`, [{ status: 200, body: { position: 2 } }]);
  server.answers.set("GET /v1/push/webpush-key", [{ status: 200, body: { key: "k" } }]);
  assert.equal(await client.push.webPushKey(), "k");
  const keys = { p256dh: "p", auth: "a" };
  const subscription = { endpoint: "https://push.example/1", keys };
  await client.push.register({ provider: "webpush", subscription });
  await client.signOut();
  assert.equal(server.calls.filter((call) => call === `DELETE ${path}`).length, 1);
});
