// The window over the messages of a conversation.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MOST_SHOWN,
  PAGE,
  growNewer,
  growOlder,
  trimOlder,
  viewAround,
  viewOfNewest,
} from "../../chat/timeline/view.ts";

const LONG = { from: 1, to: 100_000 };
const always = () => true;

test("the newest messages, with the first unread one", () => {
  assert.deepEqual(viewOfNewest(LONG), { from: LONG.to - PAGE, to: null });
  assert.deepEqual(viewOfNewest(LONG, LONG.to - 100), { from: LONG.to - 110, to: null });
  assert.deepEqual(viewOfNewest({ from: 1, to: 0 }), { from: 1, to: null });
});

test("around a message, and at both ends of the conversation", () => {
  assert.deepEqual(viewAround(LONG, 500, true), { from: 500 - PAGE / 2, to: 500 + PAGE / 2 });
  assert.deepEqual(viewAround(LONG, 3, true), { from: 1, to: 3 + PAGE / 2 });
  assert.equal(viewAround(LONG, LONG.to - 1, true).to, null);
  assert.equal(viewAround({ from: 1, to: 50 }, 49, false).to, 50);
});

test("back to the first message and forth to the newest one, it never holds too many", () => {
  let view = viewOfNewest(LONG);
  while (view.from > LONG.from) {
    const grown = growOlder(view, LONG, always);
    assert(grown.from < view.from);
    view = grown;
    assert((view.to ?? LONG.to) - view.from <= MOST_SHOWN);
  }
  while (view.to !== null) {
    const grown = growNewer(view, LONG, true, always);
    assert(grown.to === null || grown.to > view.to);
    view = grown;
    assert((view.to ?? LONG.to) - view.from <= MOST_SHOWN);
  }
});

test("a page of another range, as when the store has let go of a part, moves nothing", () => {
  const view = { from: 500, to: 700 };
  for (const range of [{ from: 900, to: 1_000 }, { from: 1, to: 400 }]) {
    assert.equal(growOlder(view, range, always), view);
    assert.equal(growNewer(view, range, true, always), view);
  }
});

test("messages that arrive while the reader is at the end push the oldest out", () => {
  const view = { from: 1, to: null };
  assert.equal(trimOlder(view, { from: 1, to: MOST_SHOWN + PAGE }, always), view);
  const many = { from: 1, to: MOST_SHOWN + PAGE + 5 };
  assert.deepEqual(trimOlder(view, many, always), { from: PAGE + 6, to: null });
  const elsewhere = { from: 1, to: 10 };
  assert.equal(trimOlder(elsewhere, many, always), elsewhere);
});

test("a view passes over replies in threads and keeps as many rows as without them", () => {
  const range = { from: 1, to: 2_000 };
  const replies = { from: 500, to: 1_500 };
  const hasRow = (seq: number) => seq < replies.from || seq > replies.to;
  const rows = ({ from, to }: { from: number; to: number | null }) => {
    let count = 0;
    for (let seq = from; seq <= (to ?? range.to); seq += 1) if (hasRow(seq)) count += 1;
    return count;
  };
  const first = { from: replies.to + 1, to: replies.to + MOST_SHOWN };
  const older = growOlder(first, range, hasRow);
  assert.equal(older.from, replies.from - PAGE);
  assert.equal(rows(older), MOST_SHOWN);
  const newer = growNewer(older, range, true, hasRow);
  assert.equal(rows(newer), MOST_SHOWN);
  assert.equal(newer.to, older.to! + PAGE);
  // What cannot be seen is no reason to let go of what can.
  const end = { from: 400, to: null };
  assert.equal(trimOlder(end, { from: 1, to: replies.to }, hasRow), end);
  // Where everything that is known has no row, the view covers it at once, to load what is beyond.
  assert.deepEqual(growOlder({ from: 1_400, to: 1_500 }, { from: 600, to: 1_500 }, hasRow), {
    from: 600,
    to: 1_500,
  });
});
