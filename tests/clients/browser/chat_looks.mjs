// How the chat looks, how fast it appears, and whether everybody can use it: screenshots at three
// widths in light and dark, axe-core, keys, times, and the size of the code.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { assert, until, waitForCount, waitForText } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { makeCompany } from "./company.mjs";

const { TIDINGS_URL, CHAT_URL, BUILD, ARTEFACTS } = process.env;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDTHS = [390, 900, 1440];
const MOST_SCRIPT = 150 * 1024;
const FIRST_PAINT_MS = 1000;
const INTERACTIVE_MS = 1500;
const MOST_TURNS = 10;

const { ann, site } = await makeCompany(TIDINGS_URL);
const browser = await launch();
const faults = new Faults(CHAT_URL);
/** What axe-core finds, once for each element. */
const barriers = new Map();
try {
  const script = gzipSync(await readFile(`${BUILD}/chat.js`), { level: 9 }).length;
  assert(script <= MOST_SCRIPT, `chat.js has ${script} bytes compressed`);
  const { paint, interactive } = await measureStart();
  for (const colorScheme of ["light", "dark"]) {
    for (const width of WIDTHS) await look(width, colorScheme);
  }
  await useKeysOnly();
  await readChinese();
  assert(barriers.size === 0, [...barriers.values()].join("\n"));
  faults.check();
  const size = `${Math.round(script / 1024)} KiB`;
  console.log(`${size} compressed; painted in ${paint} ms, usable in ${interactive} ms; no barrier`);
} finally {
  await browser.close();
}

/** Within the bounds once in a few turns: the machine may be busy with other things. */
async function measureStart() {
  let [paint, interactive] = [Infinity, Infinity];
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const page = await openWindow(browser, CHAT_URL, ann, faults);
    await waitForText(page, ".row-target", "Design");
    interactive = Math.min(interactive, await page.evaluate(() => Math.round(performance.now())));
    const entry = await page.waitForFunction(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    );
    paint = Math.min(paint, Math.round(await entry.jsonValue()));
    await page.context().close();
    if (turn > 1 && paint < FIRST_PAINT_MS && interactive < INTERACTIVE_MS) break;
  }
  assert(paint < FIRST_PAINT_MS, `first paint after ${paint} ms`);
  assert(interactive < INTERACTIVE_MS, `usable after ${interactive} ms`);
  return { paint, interactive };
}

async function look(width, colorScheme) {
  const phone = width < 500;
  const options = { viewport: { width, height: 800 }, colorScheme, hasTouch: phone };
  const page = await openWindow(browser, CHAT_URL, ann, faults, options);
  await page.addInitScript({ path: AXE });
  await page.reload();
  const shoot = (name) => checkAndShoot(page, `chat-${colorScheme}-${width}-${name}`);
  await waitForText(page, ".row-target", "Design");
  await page.locator(".presence-dot, .row-preview").first().waitFor();
  await shoot("list");
  await page.goto(`${CHAT_URL}/#/c/${site}`);
  const last = page.locator(".message").filter({ hasText: "🎉🎉" });
  await last.waitFor();
  await page.locator(".thread-summary").waitFor();
  if (phone) await last.tap();
  else await last.hover();
  await shoot("conversation");
  await last.locator(".tool[aria-haspopup=menu]").click();
  await shoot("menu");
  await page.keyboard.press("Escape");
  await last.locator(".tool[aria-haspopup=dialog]").click();
  await shoot("emoji");
  await page.keyboard.press("Escape");
  await page.locator(".thread-summary").click();
  await waitForText(page, ".side-pane .message", "我来翻译。");
  await shoot("thread");
  await page.evaluate(() => localStorage.removeItem("tidings.account"));
  await page.reload();
  await page.getByLabel("User name").waitFor();
  await shoot("sign-in");
  await page.context().close();
}

async function checkAndShoot(page, name) {
  await page.evaluate(() => document.fonts.ready);
  // What moves in would be measured half transparent.
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
  await page.screenshot({ path: `${ARTEFACTS}/${name}.png` });
  const { violations } = await page.evaluate((values) => axe.run({ runOnly: values }), RULES);
  for (const { id, impact, nodes } of violations) {
    for (const { html, failureSummary } of nodes) {
      barriers.set(`${id} ${html}`, `${name}: ${impact} ${id}: ${html}\n  ${failureSummary}`);
    }
  }
}

/** From the start of the page to a sent message, a reaction and an open menu, without a pointer. */
async function useKeysOnly() {
  const page = await openWindow(browser, CHAT_URL, ann, faults);
  await waitForText(page, ".row-target", "Design");
  const keyboard = page.keyboard;
  const focused = (selector) => isFocused(page, selector);
  await keyboard.press("/");
  assert(await focused(".filter-field"), "/ goes to the field that finds conversations");
  await keyboard.type("launch");
  await waitForCount(page, ".conversation-row", 1);
  await keyboard.press("ArrowDown");
  assert(await focused(".row-target"), "ArrowDown goes to the list");
  await keyboard.press("Enter");
  await page.locator(".main-pane .message").first().waitFor();
  await tabTo(page, ".composer-field");
  await keyboard.type("typed by keys alone");
  await keyboard.press("Enter");
  await waitForText(page, ".message.own:not(.pending)", "typed by keys alone");
  await tabTo(page, ".message", "Shift+Tab");
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowDown");
  await keyboard.press("Tab");
  await tabTo(page, ".tool");
  await keyboard.press("Enter");
  await page.locator(".message").filter({ hasText: "keys alone" }).locator(".reaction").waitFor();
  await tabTo(page, ".tool[aria-haspopup=menu]");
  await keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await keyboard.press("ArrowDown");
  await keyboard.press("Escape");
  await until("the menu is closed", async () => !(await page.getByRole("menu").isVisible()));
  assert(await focused(".tool[aria-haspopup=menu]"), "the focus returns to the button of the menu");
  await page.context().close();
}

function isFocused(page, selector) {
  return page.evaluate((it) => document.activeElement?.matches(it), selector);
}

async function tabTo(page, selector, key = "Tab") {
  for (let turn = 0; turn < 40; turn += 1) {
    if (await isFocused(page, selector)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not reach ${selector}`);
}

async function readChinese() {
  const page = await openWindow(browser, CHAT_URL, ann, faults, { locale: "zh-CN" });
  await page.goto(`${CHAT_URL}/#/c/${site}`);
  await waitForText(page, ".day-line", "今天");
  await waitForText(page, ".filter", "未读");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-Hans");
  await page.screenshot({ path: `${ARTEFACTS}/chat-light-1280-chinese.png` });
  await page.context().close();
}
