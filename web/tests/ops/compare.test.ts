import assert from "node:assert/strict";
import { test } from "node:test";
import { compareInboxes } from "../../ops/data/compare.ts";
import type { InboxConversation } from "../../ops/data/schemas.ts";

function conversation(id: string, unread: number, seq: number): InboxConversation {
  const sent_at = "2026-11-29T08:44:20.087Z";
  return {
    id,
    kind: "group",
    title: id,
    avatar: null,
    member_count: 2,
    last_message: { seq, sender: "ann", type: "text", preview: "", sent_at, recalled: false },
    unread,
    mentions: 0,
    read_seq: 0,
    muted: false,
    pinned: false,
    archived: false,
  };
}

test("both inboxes are compared conversation by conversation", () => {
  const then = [conversation("left", 1, 1), conversation("busy", 1, 1), conversation("same", 0, 4)];
  const now = [conversation("fresh", 2, 2), conversation("same", 0, 4), conversation("busy", 3, 3)];
  const compared = compareInboxes(then, now);
  assert.deepEqual(
    compared.map(({ id, differences }) => [id, differences.join(" ")]),
    [
      ["left", "gone"],
      ["busy", "unread last"],
      ["same", ""],
      ["fresh", "new"],
    ],
  );
  const muted = { ...conversation("same", 0, 4), muted: true, title: "Other" };
  assert.deepEqual(compareInboxes([then[2]!], [muted])[0]?.differences, ["title", "place"]);
});
