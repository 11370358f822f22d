// Files of messages: which messages have one, and how sizes are drawn and written.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.localStorage ??= { getItem: () => "en" } as unknown as Storage;
const { fitWithin, formatShare, formatSize, readFile } = await import(
  "../../chat/files/message_file.ts"
);

const body = {
  ...{ file: "f", name: "a.png", mime: "image/png", size: 3, width: 4, height: 2 },
  ...{ text: "look", alt: "a cat" },
};

test("a message has a file until it is recalled", () => {
  const message = { type: "image" as const, body, recalled: false };
  assert.deepEqual(readFile(message), {
    id: "f",
    kind: "image",
    name: "a.png",
    mime: "image/png",
    caption: "look",
    alt: "a cat",
    size: 3,
    width: 4,
    height: 2,
  });
  assert.equal(readFile({ ...message, recalled: true }), null);
  assert.equal(readFile({ ...message, body: null }), null);
  assert.equal(readFile({ ...message, type: "text" }), null);
  assert.equal(readFile({ ...message, body: { url: "https://example.com/a.png" } }), null);
  // Whatever a body has, it is no reason to fail.
  const odd = readFile({ ...message, body: { file: "f", name: 7, size: "x" } as never });
  assert.deepEqual([odd?.name, odd?.size, odd?.caption], ["", null, null]);
});

test("an image is drawn within bounds, and never larger than it is", () => {
  const most = { width: 320, height: 320 };
  assert.deepEqual(fitWithin({ width: 640, height: 320 }, most), { width: 320, height: 160 });
  assert.deepEqual(fitWithin({ width: 10, height: 20 }, most), { width: 10, height: 20 });
  assert.deepEqual(fitWithin({ width: 60_000, height: 1 }, most), { width: 320, height: 1 });
  assert.equal(fitWithin({ width: null, height: 5 }, most), null);
  assert.equal(fitWithin({ width: 0, height: 5 }, most), null);
});

test("sizes and shares are readable", () => {
  const sizes = [0, 8, 1023, 1536, 104_857_600, 5 * 1024 ** 4];
  const written = ["0 B", "8 B", "1,023 B", "1.5 KB", "100 MB", "5,120 GB"];
  assert.deepEqual(sizes.map(formatSize), written);
  const shares = [formatShare(1, 4), formatShare(9, 4), formatShare(0, 0)];
  assert.deepEqual(shares, ["25%", "100%", "0%"]);
});
