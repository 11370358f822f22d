// 10,000 conversations and a conversation of 100,000 messages scroll smoothly, and what is in the
// document and in memory stays small.
import { assert, until } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";

const { CHAT_URL, TOKEN, ROOMS, MESSAGES } = process.env;
const LONGEST_TASK_MS = 200;
const MOST_ELEMENTS = 12_000;
const MOST_HEAP = 160 * 2 ** 20;
/** The rooms, and the conversation with many messages. */
const ROWS = Number(ROOMS) + 1;
const SCROLLED_MESSAGES = 6000;
/** A row of the list, as ROW_HEIGHT in conversation_list.tsx. */
const ROW_HEIGHT = 68;

const browser = await launch();
const faults = new Faults(CHAT_URL);
try {
  const page = await openWindow(browser, CHAT_URL, { token: TOKEN }, faults);
  const session = await page.context().newCDPSession(page);
  await openList(page);
  const list = await longestTask(page, () => scrollList(page));
  await page.locator(".row-target").filter({ hasText: "Long one" }).click();
  await page.locator(`.message[data-seq="${MESSAGES}"]`).waitFor();
  const timeline = await longestTask(page, () => scrollTimeline(page));
  const heap = await measureHeap(session);
  assert(heap < MOST_HEAP, `${heap} bytes are used`);
  faults.check();
  const longest = Math.max(list.longest, timeline.longest);
  console.log(
    `longest task ${longest} ms, at most ${timeline.elements} elements, ` +
      `${Math.round(heap / 2 ** 20)} MiB after ${timeline.seen} of ${MESSAGES} messages`,
  );
} finally {
  await browser.close();
}

async function openList(page) {
  await page.waitForFunction(
    (count) => document.querySelector(".virtual-row")?.ariaSetSize === String(count),
    ROWS,
    { timeout: 120_000 },
  );
}

/** Through the whole list with the wheel, and back to its begin with a key. */
async function scrollList(page) {
  await page.locator(".virtual-list").hover();
  const height = await page.locator(".virtual-rows").evaluate((rows) => rows.clientHeight);
  assert.equal(height, ROWS * ROW_HEIGHT);
  let most = 0;
  for (let y = 0; y < height; y += 2500) {
    await page.mouse.wheel(0, 2500);
    most = Math.max(most, await nextFrame(page, ".virtual-row"));
  }
  await page.getByText("Room 00000").waitFor();
  assert(most < 60, `${most} rows of the list are in the document`);
  await page.locator(".virtual-row .row-target").last().focus();
  await page.keyboard.press("Home");
  await until("the first row has the focus", () =>
    page.evaluate(() => document.activeElement?.closest("[data-index]")?.dataset.index === "0"),
  );
}

/** Up from the newest message, to the first one by its date, and down from there. */
async function scrollTimeline(page) {
  await page.locator(".timeline").hover();
  const up = await scrollBy(page, -1200, (seq) => seq <= MESSAGES - SCROLLED_MESSAGES);
  await page.goto(`${CHAT_URL}/#/c/${await conversationId(page)}?seq=1`);
  await page.locator('.message[data-seq="1"]').waitFor();
  const down = await scrollBy(page, 1200, (seq) => seq >= SCROLLED_MESSAGES / 2);
  await page.getByRole("button", { name: "Go to the newest message" }).click();
  await page.locator(`.message[data-seq="${MESSAGES}"]`).waitFor();
  const elements = Math.max(up, down);
  assert(elements < MOST_ELEMENTS, `${elements} elements are in the document`);
  return { elements, seen: SCROLLED_MESSAGES * 1.5 };
}

function conversationId(page) {
  return page.evaluate(() => /#\/c\/([^?]+)/.exec(location.hash)[1]);
}

/** Turns the wheel until a message is on the screen; returns the most elements seen. */
async function scrollBy(page, step, isEnough) {
  let most = 0;
  const deadline = Date.now() + 180_000;
  for (;;) {
    await page.mouse.wheel(0, step);
    most = Math.max(most, await nextFrame(page, "*"));
    const seqs = await shownSeqs(page);
    assert.deepEqual(seqs, range(seqs[0], seqs.at(-1)), "the shown messages have no gap");
    if (isEnough(step < 0 ? seqs[0] : seqs.at(-1))) return most;
    assert(Date.now() < deadline, `only ${seqs[0]} to ${seqs.at(-1)} was reached`);
  }
}

function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

function shownSeqs(page) {
  return page.$$eval(".message[data-seq]", (all) => all.map((row) => Number(row.dataset.seq)));
}

/** After the next frame, how many elements match. */
function nextFrame(page, selector) {
  return page.evaluate(
    (selector) =>
      new Promise((resolve) =>
        requestAnimationFrame(() => resolve(document.querySelectorAll(selector).length)),
      ),
    selector,
  );
}

/**
 * The longest task on the main thread of a page during an action. Time in which the thread waits
 * for a processor does not count, since other programs use the machine too.
 */
async function longestTask(page, action) {
  await browser.startTracing(page, { categories: ["toplevel"] });
  const result = await action();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const threads = traceEvents
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents.filter(
    ({ tdur, pid, tid }) => tdur && threads.includes(`${pid} ${tid}`),
  );
  assert(tasks.length > 1000, `the trace has ${tasks.length} tasks`);
  const longest = Math.round(Math.max(...tasks.map(({ tdur }) => tdur)) / 1000);
  assert(longest <= LONGEST_TASK_MS, `a task took ${longest} ms while scrolling`);
  return { ...result, longest };
}

async function measureHeap(session) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize;
}
