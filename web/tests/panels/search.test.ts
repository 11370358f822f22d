import assert from "node:assert/strict";
import { test } from "node:test";
import { cutAtHighlights, cutExcerpt } from "../../chat/panels/search/highlights.ts";
import {
  isSearchable,
  quoteValue,
  readOperator,
  writeOperator,
} from "../../chat/panels/search/query.ts";

const show = (pieces: { text: string; isHit: boolean }[]) =>
  pieces.map(({ text, isHit }) => (isHit ? `[${text}]` : text)).join("");

test("highlights count code points, not UTF-16 units", () => {
  const text = "noodles 👍🏽 at noon, 我们去吃面条?";
  assert.equal(
    show(cutAtHighlights(text, [[24, 26]])),
    "noodles 👍🏽 at noon, 我们去吃[面条]?",
  );
  assert.equal(show(cutAtHighlights(text, [[0, 7]])), "[noodles] 👍🏽 at noon, 我们去吃面条?");
});

test("highlights keep combining marks, adjacent ranges and the ends", () => {
  assert.equal(show(cutAtHighlights("e\u0301clair NOODLES", [[8, 15]])), "e\u0301clair [NOODLES]");
  assert.equal(show(cutAtHighlights("ab", [[0, 1], [1, 2]])), "[a][b]");
  assert.equal(show(cutAtHighlights("abc", [])), "abc");
  assert.equal(show(cutAtHighlights("", [])), "");
});

test("ranges that overlap, run over or are broken lose no text", () => {
  assert.equal(show(cutAtHighlights("abcd", [[0, 3], [2, 9]])), "[abc][d]");
  assert.equal(show(cutAtHighlights("abcd", [[7, 9], [3]])), "abcd");
});

test("an excerpt begins before the first highlight and says what is cut", () => {
  const text = `${"x".repeat(300)} noodles ${"y".repeat(300)}`;
  const excerpt = cutExcerpt(text, [[301, 308]], 80);
  assert.equal(excerpt.isCutBefore, true);
  assert.equal(excerpt.isCutAfter, true);
  assert(show(excerpt.pieces).includes("[noodles]"));
  assert(excerpt.pieces.reduce((sum, { text }) => sum + text.length, 0) <= 80);
  const short = cutExcerpt("noodles", [[0, 7]], 80);
  assert.deepEqual(short, {
    pieces: [{ text: "noodles", isHit: true }],
    isCutBefore: false,
    isCutAfter: false,
  });
});

test("an excerpt never cuts within a family of emoji", () => {
  const family = "👨‍👩‍👧‍👦";
  for (let size = 20; size < 40; size += 1) {
    const { pieces } = cutExcerpt(family.repeat(30), [[49, 56]], size);
    const text = pieces.map((piece) => piece.text).join("");
    assert.equal(text.replaceAll(family, ""), "");
  }
});

test("operators are read and written in place", () => {
  const query = 'noodles from:ann "at noon" in:"my group" before:2026-11-01';
  assert.equal(readOperator(query, "from"), "ann");
  assert.equal(readOperator(query, "in"), "my group");
  assert.equal(readOperator(query, "after"), null);
  assert.equal(
    writeOperator(query, "from", "bob"),
    'noodles from:bob "at noon" in:"my group" before:2026-11-01',
  );
  assert.equal(writeOperator(query, "in", null), 'noodles from:ann "at noon" before:2026-11-01');
  assert.equal(writeOperator("noodles", "has", "link"), "noodles has:link");
  assert.equal(writeOperator("", "from", "Ann Smith"), 'from:"Ann Smith"');
});

test("negated operators, phrases and half-typed text stay as they are", () => {
  assert.equal(readOperator("-from:ann", "from"), null);
  assert.equal(writeOperator("-from:ann x", "from", "bob"), "-from:ann x from:bob");
  assert.equal(readOperator('"from:ann said"', "from"), null);
  assert.equal(writeOperator('x from:"Ann', "from", "bob"), "x from:bob");
  assert.equal(writeOperator("from:a x from:b", "from", "c"), "from:c x");
  assert.equal(readOperator("https://x.example", "from"), null);
});

test("a query needs a letter, a digit or a sign", () => {
  assert.equal(isSearchable(" -- "), false);
  assert.equal(isSearchable("面"), true);
  assert.equal(isSearchable("👍"), true);
  assert.equal(quoteValue("d_1.x"), "d_1.x");
});
