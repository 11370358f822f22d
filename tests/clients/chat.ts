// Two people chat. `tsc --strict` checks it against the types that openapi-typescript generates.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./api.d.ts";

const { TIDINGS_URL = "", ANN_TOKEN, BOB_TOKEN } = process.env;
const signIn = (token?: string) =>
  createClient<paths>({ baseUrl: TIDINGS_URL, headers: { Authorization: `Bearer ${token}` } });
const [ann, bob] = [signIn(ANN_TOKEN), signIn(BOB_TOKEN)];

function expect<T>({ data, error }: { data?: T; error?: unknown }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

const group = { kind: "group" as const, title: "TypeScript", members: ["bob"] };
const { id } = expect(await ann.POST("/v1/conversations", { body: group }));
const [messages, path] = ["/v1/conversations/{id}/messages" as const, { id }];
const client_message_id = crypto.randomUUID();
const hello = { client_message_id, type: "text" as const, body: { text: "Hello" } };
const sent = expect(await ann.POST(messages, { params: { path }, body: hello }));

const query = { min_position: `${sent.position}` };
const history = expect(await ann.GET(messages, { params: { path, query } }));
assert.equal(history.messages[0]?.client_message_id, client_message_id);

const lines: string[] = [];
const feed = expect(await bob.GET("/v1/inbox/entries", { params: { query } }));
for (const entry of feed.entries.filter((entry) => entry.conversation_id === id)) {
  switch (entry.type) {
    case "conversation_created":
      lines.push(`created ${entry.data.title}`);
      break;
    case "message_sent":
      assert(!entry.data.client_message_id); // Only Ann gets it back.
      if (entry.data.type === "text") lines.push(`${entry.data.sender}: ${entry.data.body?.text}`);
  }
}

const search = { q: `hello in:${id}`, sort: "newest" as const, ...query };
const found = expect(await bob.GET("/v1/search", { params: { query: search } }));
assert.deepEqual(found.hits.map((hit) => hit.text), ["Hello"]);
assert.deepEqual(lines, ["created TypeScript", "ann: Hello"]);
console.log(lines.join(", "));
