import assert from "node:assert/strict";
import { test } from "node:test";
import { backOff, startPoll, type Surroundings } from "../../ops/data/poll.ts";

/** A page with a clock that only the test moves. */
class Page implements Surroundings {
  hidden = false;
  waits: number[] = [];
  #run: (() => void) | null = null;
  #listener = () => {};

  isHidden = () => this.hidden;
  onVisibility = (listener: () => void) => {
    this.#listener = listener;
    return () => (this.#listener = () => {});
  };
  later = (run: () => void, milliseconds: number) => {
    this.waits.push(milliseconds);
    this.#run = run;
    return () => (this.#run = null);
  };

  get isWaiting() {
    return this.#run !== null;
  }
  async elapse() {
    this.#run?.();
    await settle();
  }
  async show(visible: boolean) {
    this.hidden = !visible;
    this.#listener();
    await settle();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

function start(page: Page, ask: (signal: AbortSignal) => Promise<number>, every = 2000) {
  const answers: number[] = [];
  const failures: unknown[] = [];
  const advice = (error: unknown) => (error === "advice" ? 90_000 : null);
  const polling = startPoll<number>(
    {
      every,
      ask,
      advice,
      onAnswer: (answer) => answers.push(answer),
      onFailure: (error) => failures.push(error),
    },
    page,
  );
  return { answers, failures, polling };
}

test("a poll asks again after each answer", async () => {
  const page = new Page();
  let count = 0;
  const { answers } = start(page, async () => (count += 1));
  await settle();
  await page.elapse();
  assert.deepEqual(answers, [1, 2]);
  assert.deepEqual(page.waits, [2000, 2000]);
});

test("it waits twice as long after each failure, and as long as the server advises", async () => {
  const page = new Page();
  const outcomes = [1, "broken", "broken", "advice", 2];
  const { answers, failures } = start(page, async () => {
    const outcome = outcomes.shift();
    if (typeof outcome !== "number") throw outcome;
    return outcome;
  });
  await settle();
  for (let times = 0; times < 4; times += 1) await page.elapse();
  assert.deepEqual(answers, [1, 2]);
  assert.equal(failures.length, 3);
  assert.deepEqual(page.waits, [2000, 4000, 8000, 90_000, 2000]);
  assert.equal(backOff(2000, 50), 60_000);
});

test("it asks nothing while the page is hidden, and at once when it is seen", async () => {
  const page = new Page();
  let count = 0;
  const { answers, polling } = start(page, async () => (count += 1));
  await settle();
  await page.show(false);
  assert.equal(page.isWaiting, false);
  await page.show(true);
  assert.deepEqual(answers, [1, 2]);
  polling.stop();
  assert.equal(page.isWaiting, false);
  await page.show(true);
  assert.deepEqual(answers, [1, 2]);
});

test("an answer that comes after the page was hidden does not count", async () => {
  const page = new Page();
  let finish = (_: number) => {};
  const seen: AbortSignal[] = [];
  const { answers } = start(page, (signal) => {
    seen.push(signal);
    return new Promise((resolve) => (finish = resolve));
  });
  await page.show(false);
  finish(1);
  await settle();
  assert.equal(seen[0]?.aborted, true);
  assert.deepEqual([answers, page.isWaiting], [[], false]);
});

test("what is asked once is asked again only if no answer came while seen", async () => {
  const page = new Page();
  let count = 0;
  const { answers } = start(page, async () => (count += 1), Infinity);
  await page.show(false);
  await page.show(true);
  await page.show(false);
  await page.show(true);
  assert.deepEqual([answers, page.isWaiting], [[2], false]);
});

test("an answer that is asked for at once replaces the one on its way", async () => {
  const page = new Page();
  const finish: ((value: number) => void)[] = [];
  const { answers, polling } = start(page, () => new Promise((resolve) => finish.push(resolve)));
  polling.now();
  finish[1]?.(2);
  finish[0]?.(1);
  await settle();
  assert.deepEqual(answers, [2]);
});
