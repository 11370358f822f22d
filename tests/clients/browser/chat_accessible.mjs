// The chat without a pointer, without sight, without colours, without motion, and on little room:
// what WCAG 2.2 asks for and axe-core cannot see.
import {
  assert,
  messageOf,
  openConversation,
  sendText,
  until,
  waitForCount,
  waitForText,
} from "./checks.mjs";
import { findAxeFaults } from "./axe.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { makeCompany } from "./company.mjs";
import { Keyboard } from "./keyboard.mjs";

const { TIDINGS_URL, CHAT_URL, ARTEFACTS } = process.env;
const TITLE = "Launch of the new site";
/** Success criterion 2.5.8. */
const LEAST_TARGET = 24;
/** A width of 320 pixels, and what 200 % of zoom leave of a small laptop: 1.4.10 and 1.4.4. */
const NARROW = [
  { width: 320, height: 568 },
  { width: 640, height: 400 },
];

const { ann, bob, site } = await makeCompany(TIDINGS_URL);
const browser = await launch();
const faults = new Faults(CHAT_URL);
const checks = { keysAlone, dialogs, announcements, inputMethods, motion, forcedColours, reflow };
try {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      throw new Error(`${name}: ${error.stack}`);
    }
  }
  faults.check();
  console.log(`${Object.keys(checks).length} checks beyond axe-core found no barrier`);
} finally {
  await browser.close();
}

async function openAnn(options = {}) {
  const page = await openWindow(browser, `${CHAT_URL}/#/c/${site}`, ann, faults, options);
  await waitForText(page, ".main-pane .message", "🎉🎉");
  await page.locator(".thread-summary").waitFor();
  return page;
}

/** Sign in, open a conversation, send, reply, react, search: each stop of Tab is visible. */
async function keysAlone() {
  const page = await openWindow(browser, CHAT_URL, null, faults);
  await page.getByLabel("User name").waitFor();
  const keyboard = new Keyboard(page);
  await keyboard.tabTo("input[name=user]");
  await keyboard.type(bob.user);
  await keyboard.tabTo("input[name=password]");
  await keyboard.type("correct horse battery");
  await keyboard.press("Enter");
  await waitForText(page, ".row-target", TITLE);

  await keyboard.press("/");
  await keyboard.type("launch");
  await waitForCount(page, ".conversation-row", 1);
  await keyboard.press("ArrowDown", "Enter");
  await waitForText(page, ".main-pane .message", "🎉🎉");
  await keyboard.tabTo(".main-pane .composer-field");
  await keyboard.type("sent by keys");
  await keyboard.press("Enter");
  const sent = messageOf(page, "sent by keys");
  await sent.locator("[data-status=sent], [data-status=delivered]").first().waitFor();

  await keyboard.tabTo(".message", "Shift+Tab");
  await keyboard.tabTo('.message-tools [aria-label="Reply"]');
  await keyboard.press("Enter");
  await page.locator(".task-bar").waitFor();
  await until("the field has the focus", () => keyboard.isOn(".main-pane .composer-field"));
  await keyboard.type("an answer by keys");
  await keyboard.press("Enter");
  await waitForText(page, ".message.own .quote", "sent by keys");

  await keyboard.tabTo(".message", "Shift+Tab");
  await keyboard.tabTo(".message-tools .tool");
  await keyboard.press("Enter");
  await messageOf(page, "an answer by keys").locator(".reaction[aria-pressed=true]").waitFor();

  await keyboard.tabTo('.main-pane .pane-header [aria-label^="Search"]', "Shift+Tab");
  await keyboard.press("Enter");
  await until("the search has the focus", () => keyboard.isOn(".side-pane, .side-pane *"));
  await keyboard.tabTo(".side-pane input[type=search]");
  await until("the index has the message", async () => {
    return (await bob.get("/v1/search?q=pricing")).total > 0;
  });
  await keyboard.type("pricing");
  await keyboard.press("Enter");
  await page.locator(".panel mark").first().waitFor();
  await keyboard.tabTo(".panel .panel-row, .panel .panel-row *");
  await keyboard.press("Enter");
  await page.locator(".message.marked").filter({ hasText: "pricing page" }).waitFor();
  await keyboard.focus(".side-pane");
  await keyboard.press("Escape");
  await waitForCount(page, ".side-pane", 0);
  assert.deepEqual(keyboard.invisible, [], "the focus is not visible on these");
  await page.context().close();
}

/** Dialogs and menus keep the focus, and give it back. */
async function dialogs() {
  const page = await openAnn();
  const keyboard = new Keyboard(page);
  const menu = '.conversation-header [aria-haspopup="menu"]';
  await keyboard.focus(menu);
  await keyboard.press("Enter", "g");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Go to a date");
  await keyboard.press("Enter");
  await page.locator("dialog[open]").waitFor();
  for (let turn = 0; turn < 12; turn += 1) {
    await keyboard.press(turn < 6 ? "Tab" : "Shift+Tab");
    // Between the last stop and the first one are those of the browser itself.
    assert(await keyboard.isOn("dialog *, dialog, body"), "the focus left the dialog");
  }
  assert.deepEqual(await findAxeFaults(page), []);
  await keyboard.press("Escape");
  await waitForCount(page, "dialog", 0);
  assert(await keyboard.isOn(menu), "the focus returns to the menu that opened the dialog");

  const emoji = ".main-pane .composer [aria-haspopup=dialog]";
  await keyboard.focus(emoji);
  await keyboard.press("Enter");
  await until("the search of emoji has the focus", () => keyboard.isOn("input"));
  await keyboard.press("Escape");
  await until("the focus returns", () => keyboard.isOn(emoji));

  await keyboard.focus(".thread-summary");
  await keyboard.press("Enter");
  await page.locator(".side-pane .message").first().waitFor();
  await until("the thread has the focus", () => keyboard.isOn(".side-pane, .side-pane *"));
  await keyboard.press("Escape");
  await waitForCount(page, ".side-pane", 0);
  await until("the focus returns to the message", () => keyboard.isOn(".thread-summary"));
  assert.deepEqual(keyboard.invisible, [], "the focus is not visible on these");
  await page.context().close();
}

/** Screen readers hear what others write, once, and not what the user writes. */
async function announcements() {
  const page = await openAnn();
  const log = page.getByRole("log");
  assert.equal(await log.ariaSnapshot(), "- log");
  await bob.send(site, "Is the banner ready?");
  await until("the message is announced", async () =>
    (await log.ariaSnapshot()).includes("Bob Okafor: Is the banner ready?"),
  );
  await sendText(page, "Nearly.");
  await bob.send(site, "好的 👍");
  await until("the next one is announced", async () => (await log.ariaSnapshot()).includes("好的"));
  assert(!(await log.ariaSnapshot()).includes("Nearly"), "own messages are not announced");
  assert.equal(await log.getAttribute("aria-live"), "polite");
  const list = await page.getByRole("list", { name: TITLE }).ariaSnapshot();
  assert(list.includes("Bob Okafor"), list);
  await page.context().close();
}

/** The Enter that ends a composition is part of it, and sends nothing. */
async function inputMethods() {
  const page = await openAnn();
  const field = page.locator(".main-pane .composer-field");
  await field.click();
  const count = await page.locator(".main-pane .message.own").count();
  const session = await page.context().newCDPSession(page);
  const compose = (text) =>
    session.send("Input.imeSetComposition", {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
  for (const text of ["n", "ni", "ni h", "你好"]) await compose(text);
  const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
  await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
  await session.send("Input.insertText", { text: "你好" });
  await session.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
  assert.equal(await field.inputValue(), "你好", "nothing was sent, and nothing was lost");
  assert.equal(await page.locator(".main-pane .message.own").count(), count);
  await page.keyboard.press("Enter");
  await waitForText(page, ".message.own:not(.pending)", "你好");
  assert.equal(await field.inputValue(), "");
  await page.context().close();
}

/** Nothing moves for those who asked for less motion. */
async function motion() {
  const page = await openAnn({ reducedMotion: "reduce" });
  await page.goto(`${CHAT_URL}/#/c/${site}?seq=2`);
  await page.locator(".message.marked").waitFor();
  await page.locator(".thread-summary").click();
  await page.locator(".side-pane .message").first().waitFor();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((animation) => {
        const frames = animation.effect.getKeyframes();
        return frames.some((frame) => "transform" in frame || "translate" in frame);
      })
      .map((animation) => animation.animationName ?? animation.transitionProperty),
  );
  assert.deepEqual(moving, []);
  await page.context().close();
}

/** With the colours of the system, states are still visible: they have borders or shapes. */
async function forcedColours() {
  const page = await openAnn({ forcedColors: "active" });
  await bob.send(`${site}-design`, "A new draft");
  await page.locator(".badge").first().waitFor();
  const visible = (selector) => page.locator(selector).first().evaluate(hasEdge);
  for (const selector of [
    ".bubble",
    ".own .bubble",
    ".badge",
    ".conversation-row.selected",
    ".filter[aria-pressed=true]",
  ]) {
    assert(await visible(selector), `${selector} has no visible edge`);
  }
  await page.locator(".main-pane .composer-field").focus();
  assert(await visible(".main-pane .composer-row"), "the field has no visible edge");
  const outline = await page
    .locator(".main-pane .composer-row")
    .evaluate((row) => getComputedStyle(row).outlineStyle);
  assert.notEqual(outline, "none", "the focus of the field is not visible");
  await page.screenshot({ path: `${ARTEFACTS}/chat-forced-colours.png` });
  await page.context().close();
}

function hasEdge(element) {
  const { borderTopStyle, borderTopWidth, outlineStyle } = getComputedStyle(element);
  return (borderTopStyle !== "none" && parseFloat(borderTopWidth) > 0) || outlineStyle !== "none";
}

/** Nothing is cut off or too small to hit on little room, and the field stays usable. */
async function reflow() {
  for (const viewport of NARROW) {
    const page = await openAnn({ viewport, hasTouch: viewport.width < 400 });
    const name = `${viewport.width}x${viewport.height}`;
    await checkRoom(page, `${name}-conversation`);
    await sendText(page, `from a window of ${name}`);
    await page.locator(".thread-summary").click();
    await page.locator(".side-pane .message").first().waitFor();
    await checkRoom(page, `${name}-thread`);
    for (const panel of ["search", "settings", "new-group", "people"]) {
      await page.goto(`${CHAT_URL}/#/?panel=${panel}`);
      await page.locator(".panel").waitFor();
      await checkRoom(page, `${name}-${panel}`);
    }
    await page.goto(`${CHAT_URL}/#/`);
    await waitForText(page, ".row-target", TITLE);
    await checkRoom(page, `${name}-list`);
    await openConversation(page, TITLE);
    await page.context().close();
  }
}

async function checkRoom(page, name) {
  await page.screenshot({ path: `${ARTEFACTS}/chat-reflow-${name}.png` });
  const found = await page.evaluate(findCutOff, LEAST_TARGET);
  assert.deepEqual(found, [], `${name}: cut off, or too small to hit`);
  assert.deepEqual(await findAxeFaults(page), [], name);
}

/** Elements beyond the edges of the window, and controls that are too small. */
function findCutOff(least) {
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const isHidden = (element) => element.closest(".hidden-label, .skip-link") !== null;
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (!isShown(element) || isHidden(element)) continue;
    const { left, right, width, height } = element.getBoundingClientRect();
    const what = element.outerHTML.slice(0, 120);
    if (width > 0 && (left < -1 || right > innerWidth + 1)) found.push(`cut off: ${what}`);
    const isControl = element.matches("button, select, input:not([type=radio], [type=checkbox])");
    const isInText = element.matches(".mention");
    if (isControl && !isInText && width > 0 && Math.min(width, height) < least) {
      found.push(`${Math.round(width)} × ${Math.round(height)}: ${what}`);
    }
  }
  return found;
}
