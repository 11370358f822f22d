// What stays in its place while messages come and go above and below it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Anchor, BOTTOM, record, restore } from "../../chat/timeline/anchor.ts";

globalThis.CSS ??= { escape: (text: string) => text } as unknown as typeof CSS;

const HEIGHT = 100;
const ROW = 30;

/** As much of a scrolled list as is needed: rows of one height, of which each has a key. */
class List {
  readonly clientHeight = HEIGHT;
  keys: string[];
  #top = 0;

  constructor(...keys: string[]) {
    this.keys = keys;
  }

  get scrollHeight(): number {
    return Math.max(HEIGHT, this.keys.length * ROW);
  }

  /** The layout, which every measurement brings up to date, never leaves it beyond the end. */
  get scrollTop(): number {
    this.scrollTop = this.#top;
    return this.#top;
  }

  set scrollTop(top: number) {
    this.#top = Math.max(0, Math.min(top, this.scrollHeight - HEIGHT));
  }

  get firstElementChild() {
    return { children: this.keys.map((_, index) => this.#row(index)) };
  }

  getBoundingClientRect() {
    return { top: 0, bottom: HEIGHT };
  }

  querySelector(selector: string) {
    const index = this.keys.findIndex((key) => selector === `[data-key="${key}"]`);
    return index < 0 ? null : this.#row(index);
  }

  #row(index: number) {
    const key = this.keys[index]!;
    const top = index * ROW - this.scrollTop;
    return {
      dataset: { key },
      classList: { contains: (name: string) => name === "message" && /^\d/.test(key) },
      parentElement: { getBoundingClientRect: () => ({ top: -this.scrollTop }) },
      getBoundingClientRect: () => ({ top, bottom: top + ROW }),
    };
  }

  /** Where a row is on the screen. */
  place(key: string): number {
    return this.keys.indexOf(key) * ROW - this.scrollTop;
  }

  get element(): HTMLElement {
    return this as unknown as HTMLElement;
  }
}

function messages(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

test("a reader at the newest message stays at the end", () => {
  const list = new List("start", ...messages(1, 10));
  let anchor = restore(list.element, BOTTOM, true);
  assert.equal(list.place("10"), HEIGHT - ROW);
  anchor = record(list.element, true);
  list.keys.push("11");
  restore(list.element, anchor, true);
  assert.equal(list.place("11"), HEIGHT - ROW);
});

test("later messages do not carry along a reader at the end of an earlier part", () => {
  const list = new List("start", ...messages(1, 10));
  list.scrollTop = list.scrollHeight;
  const anchor = record(list.element, false);
  const place = list.place("10");
  // At the same time, what is far above leaves the document.
  list.keys = ["start", ...messages(5, 20)];
  restore(list.element, anchor, false);
  assert.equal(list.place("10"), place);
  assert(list.scrollTop < list.scrollHeight - HEIGHT);
});

test("a reader at the end of an earlier part stays if more leaves above than comes below", () => {
  const list = new List("start", ...messages(1, 20));
  list.scrollTop = list.scrollHeight;
  const anchor = record(list.element, false);
  const place = list.place("20");
  list.keys = ["start", ...messages(15, 24)];
  restore(list.element, anchor, false);
  assert.equal(list.place("20"), place);
});

test("earlier messages come above a reader at the beginning, who stays", () => {
  for (const fixed of [["start"], ["start", "day 2026-01-01"], []]) {
    const list = new List(...fixed, ...messages(50, 60));
    const anchor = record(list.element, false);
    const place = list.place("50");
    list.keys = [...fixed, ...messages(40, 60)];
    restore(list.element, anchor, false);
    assert.equal(list.place("50"), place);
    assert.equal(list.scrollTop, 10 * ROW);
  }
});

test("a reader who waits at the end of the last part then follows the newest message", () => {
  const list = new List("start", ...messages(1, 10));
  list.scrollTop = list.scrollHeight;
  let anchor = record(list.element, false);
  assert.equal(anchor.kind, "row");
  anchor = restore(list.element, anchor, true);
  list.keys.push("11");
  restore(list.element, anchor, true);
  assert.equal(list.place("11"), HEIGHT - ROW);
});

test("what has grown below does not undo a movement of the reader", () => {
  const list = new List("start", ...messages(1, 20));
  list.scrollTop = 200;
  const anchor: Anchor = record(list.element, true);
  list.scrollTop = 150;
  list.keys.push("21");
  restore(list.element, anchor, true);
  assert.equal(list.scrollTop, 150);
});

test("a row that is awaited is gone to once it is there", () => {
  const list = new List("start", ...messages(1, 5));
  const target: Anchor = { kind: "target", selector: '[data-key="15"]' };
  assert.equal(restore(list.element, target, true), target);
  list.keys = ["start", ...messages(1, 40)];
  assert.equal(restore(list.element, target, true).kind, "row");
  assert.equal(list.place("15"), HEIGHT / 4);
});
