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
    const grown = growOlder(view, LONG);
    assert(grown.from < view.from);
    view = grown;
    assert((view.to ?? LONG.to) - view.from <= MOST_SHOWN);
  }
  while (view.to !== null) {
    const grown = growNewer(view, LONG, true);
    assert(grown.to === null || grown.to > view.to);
    view = grown;
    assert((view.to ?? LONG.to) - view.from <= MOST_SHOWN);
  }
});

test("a page of another range, as when the store has let go of a part, moves nothing", () => {
  const view = { from: 500, to: 700 };
  for (const range of [{ from: 900, to: 1_000 }, { from: 1, to: 400 }]) {
    assert.equal(growOlder(view, range), view);
    assert.equal(growNewer(view, range, true), view);
  }
});

test("messages that arrive while the reader is at the end push the oldest out", () => {
  const view = { from: 1, to: null };
  assert.equal(trimOlder(view, { from: 1, to: MOST_SHOWN + PAGE }), view);
  const many = { from: 1, to: MOST_SHOWN + PAGE + 5 };
  assert.deepEqual(trimOlder(view, many), { from: PAGE + 5, to: null });
  const elsewhere = { from: 1, to: 10 };
  assert.equal(trimOlder(elsewhere, many), elsewhere);
});
