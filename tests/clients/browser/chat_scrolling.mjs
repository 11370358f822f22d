// 10,000 conversations and a conversation of 100,000 messages scroll smoothly and without leaps,
// and what is in the document and in memory stays small.
import { assert, until } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";

const { CHAT_URL, TOKEN, ROOMS, MESSAGES, SCROLLED, WITH_REPLIES } = process.env;
const LONGEST_TASK_MS = 200;
const MOST_ELEMENTS = 6_000;
const MOST_HEAP = 48 * 2 ** 20;
/** The rooms, and the conversations with many messages and with a long thread. */
const ROWS = Number(ROOMS) + 2;
const LAST = Number(MESSAGES);
/** So many messages are scrolled through upwards, and so many downwards. */
const DISTANCE = Number(SCROLLED);
/** After so many, the tasks and the memory until then are looked at. */
const STAGE = 10_000;
const WHEEL = 4800;
/** A row of the list, as ROW_HEIGHT in conversation_list.tsx. */
const ROW_HEIGHT = 68;

const browser = await launch();
const faults = new Faults(CHAT_URL);
/** The most that was seen at any time. */
const peak = { task: 0, elements: 0, heap: 0 };
try {
  const page = await openWindow(browser, CHAT_URL, { token: TOKEN }, faults);
  const session = await page.context().newCDPSession(page);
  await openList(page);
  await stage(page, session, () => scrollList(page));
  await page.locator(".row-target").filter({ hasText: "Long one" }).click();
  await page.locator(`.message[data-seq="${LAST}"]`).waitFor();
  await scrollTimeline(page, session);
  await waitAtEnds(page);
  await page.locator(".row-target").filter({ hasText: "Long thread" }).click();
  await page.locator(`.message[data-seq="${WITH_REPLIES}"]`).waitFor();
  await stage(page, session, () => passThread(page));
  faults.check();
  console.log(
    `longest task ${peak.task} ms, at most ${peak.elements} elements and ` +
      `${Math.round(peak.heap / 2 ** 20)} MiB, over ${ROWS} conversations and ` +
      `${DISTANCE} of ${LAST} messages, up and down`,
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
    most = Math.max(most, await countRows(page));
  }
  await page.getByText("Room 00000").waitFor();
  assert(most < 60, `${most} rows of the list are in the document`);
  await page.locator(".virtual-row .row-target").last().focus();
  await page.keyboard.press("Home");
  await until("the first row has the focus", () =>
    page.evaluate(() => document.activeElement?.closest("[data-index]")?.dataset.index === "0"),
  );
}

/** After the next frame, how many rows are in the document. */
function countRows(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) =>
        requestAnimationFrame(() => resolve(document.querySelectorAll(".virtual-row").length)),
      ),
  );
}

/** Up from the newest message, to the first one by its address, and down from there. */
async function scrollTimeline(page, session) {
  await page.locator(".timeline").hover();
  await scrollBetween(page, session, LAST, LAST - DISTANCE + 1);
  if (DISTANCE < LAST) {
    await page.goto(`${CHAT_URL}/#/c/${await conversationId(page)}?seq=1`);
  }
  await page.locator('.message[data-seq="1"]').waitFor();
  await scrollBetween(page, session, 1, DISTANCE);
  if (DISTANCE < LAST) {
    await page.getByRole("button", { name: "Go to the newest message" }).click();
  }
  await page.locator(`.message[data-seq="${LAST}"]`).waitFor();
}

function conversationId(page) {
  return page.evaluate(() => /#\/c\/([^?]+)/.exec(location.hash)[1]);
}

/** From one message to another, in stages. */
async function scrollBetween(page, session, from, to) {
  const way = Math.sign(to - from);
  for (let at = from; at !== to; ) {
    at = way > 0 ? Math.min(to, at + STAGE) : Math.max(to, at - STAGE);
    await stage(page, session, () => scrollTo(page, way, at));
  }
}

/** Turns the wheel until a message is on the screen. Every message on the way is shown. */
async function scrollTo(page, way, seq) {
  const deadline = Date.now() + 180_000;
  for (let before = await nextFrame(page); ; ) {
    await page.mouse.wheel(0, way * WHEEL);
    const { first, last, count, elements } = await nextFrame(page);
    const isNext = first <= before.last + 1 && before.first <= last + 1;
    assert(isNext, `${before.first} to ${before.last} was followed by ${first} to ${last}`);
    before = { first, last };
    peak.elements = Math.max(peak.elements, elements);
    assert(elements < MOST_ELEMENTS, `${elements} elements are in the document`);
    assert.equal(last - first + 1, count, "the shown messages have no gap");
    if (way < 0 ? first <= seq : last >= seq) return;
    assert(Date.now() < deadline, `only ${first} to ${last} was reached`);
  }
}

/** At both ends of what is loaded, more comes, and what the reader sees stays in its place. */
async function waitAtEnds(page) {
  const middle = Math.round(LAST / 2);
  await page.goto(`${CHAT_URL}/#/c/${await conversationId(page)}?seq=${middle}`);
  await page.locator(`.message[data-seq="${middle}"]`).waitFor();
  // The way back leads through what is loaded already.
  for (const way of [1, -1]) {
    for (let time = 0; time < 10; time += 1) {
      const moved = await page.evaluate(waitAtEnd, way);
      assert(Math.abs(moved) <= 1, `at the end, messages moved by ${moved} pixels`);
    }
  }
}

/** In the page: how far the outermost message moves on the screen while others come beyond it. */
function waitAtEnd(way) {
  const timeline = document.querySelector(".timeline");
  const shown = timeline.getElementsByClassName("message");
  const outermost = () => shown[way > 0 ? shown.length - 1 : 0];
  const end = outermost();
  timeline.scrollTop = way > 0 ? timeline.scrollHeight : 0;
  const place = end.getBoundingClientRect().top;
  return new Promise((resolve) => {
    const check = () => {
      if (outermost() === end) requestAnimationFrame(check);
      else resolve(end.getBoundingClientRect().top - place);
    };
    check();
  });
}

/** To the first message and back to the newest one, past hundreds of replies without rows. */
async function passThread(page) {
  await page.locator(".timeline").hover();
  for (const [way, seq] of [[-1, 1], [1, WITH_REPLIES]]) {
    await until(`message ${seq} is there`, async () => {
      await page.mouse.wheel(0, way * WHEEL);
      return (await page.locator(`.message[data-seq="${seq}"]`).count()) > 0;
    });
  }
}

/** After the next frame: which messages are in the document, and how many elements. */
function nextFrame(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) =>
        requestAnimationFrame(() => {
          const shown = document.querySelectorAll(".timeline .message[data-seq]");
          resolve({
            first: Number(shown[0].dataset.seq),
            last: Number(shown[shown.length - 1].dataset.seq),
            count: shown.length,
            elements: document.querySelectorAll("*").length,
          });
        }),
      ),
  );
}

/**
 * Does something, and looks at the tasks of the main thread during it and at the memory after it.
 * Time in which the thread waits for a processor does not count, since other programs use the
 * machine too.
 */
async function stage(page, session, action) {
  await browser.startTracing(page, { categories: ["toplevel"] });
  await action();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const threads = traceEvents
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents.filter(
    ({ tdur, pid, tid }) => tdur && threads.includes(`${pid} ${tid}`),
  );
  assert(tasks.length > 100, `the trace has ${tasks.length} tasks`);
  const longest = Math.round(Math.max(...tasks.map(({ tdur }) => tdur)) / 1000);
  assert(longest <= LONGEST_TASK_MS, `a task took ${longest} ms while scrolling`);
  peak.task = Math.max(peak.task, longest);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  assert(usedSize < MOST_HEAP, `${usedSize} bytes are used`);
  peak.heap = Math.max(peak.heap, usedSize);
}
