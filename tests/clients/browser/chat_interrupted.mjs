// What the chat does when the server dies, the network is gone, or several tabs are open.
import { signUp } from "./api.mjs";
import {
  assert,
  messageOf,
  openConversation,
  sendText,
  shownTexts,
  until,
  waitForCount,
  waitForText,
  write,
} from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { servePages } from "./pages.mjs";
import { System, freePort } from "./system.mjs";

const { DIRECTORY, ARTEFACTS } = process.env;
const GROUP = "Garden";

const system = new System(DIRECTORY, await freePort());
await system.start();
const pages = await servePages(system.url);
const ann = await signUp(system.url, "ann", "Ann Carter");
const bob = await signUp(system.url, "bob", "Bob Okafor");
await ann.createGroup("garden", GROUP, [bob.user]);

const browser = await launch();
const faults = new Faults(pages.url);
// What a page asks of a server that is down, or without a network, fails.
faults.expected.push(/Failed to load resource/, /WebSocket connection to .* failed/);
const shown = [];
try {
  const his = await openWindow(browser, pages.url, bob, faults);
  const hers = await openWindow(browser, pages.url, ann, faults);
  await openConversation(his, GROUP);
  await openConversation(hers, GROUP);
  for (const step of [killedServer, offline, reloadOffline, twoTabs]) {
    try {
      await step(hers, his);
    } catch (error) {
      await hers.screenshot({ path: `${ARTEFACTS}/failed-${step.name}-1.png` });
      await his.screenshot({ path: `${ARTEFACTS}/failed-${step.name}-2.png` });
      throw new Error(`${step.name}: ${error.stack}`);
    }
    shown.push(step.name);
  }
  faults.check();
  console.log("killed server, no network, reload without it, two tabs: nothing lost or doubled");
} finally {
  await browser.close();
  pages.stop();
  await system.stop();
}

/** The log of a conversation, as the server has it. */
async function storedTexts() {
  const { messages } = await ann.get("/v1/conversations/garden/messages?after=0&limit=200");
  return messages.map((message) => message.body.text);
}

async function killedServer(hers, his) {
  await sendText(hers, "before");
  await messageOf(his, "before").waitFor();
  await system.kill();
  await waitForText(hers, ".connection-banner", "No connection to the server");
  await write(hers, "while it was dead");
  await hers.keyboard.press("Enter");
  await hers.locator(".message.pending[data-status=queued]").waitFor();
  await system.start();
  await messageOf(his, "while it was dead").waitFor({ timeout: 60_000 });
  await waitForCount(hers, ".message.pending", 0);
  await waitForCount(hers, ".connection-banner", 0);
  await sendText(his, "after");
  await messageOf(hers, "after").waitFor();
  const expected = ["before", "while it was dead", "after"];
  assert.deepEqual(await storedTexts(), expected);
  assert.deepEqual(await shownTexts(hers), expected);
  assert.deepEqual(await shownTexts(his), expected);
}

async function offline(hers, his) {
  await hers.context().setOffline(true);
  await waitForText(hers, ".connection-banner", "You are offline");
  for (const text of ["one", "two", "three"]) {
    await write(hers, text);
    await hers.keyboard.press("Enter");
  }
  await waitForCount(hers, ".message.pending", 3);
  await sendText(his, "meanwhile");
  await hers.context().setOffline(false);
  for (const text of ["one", "two", "three"]) await messageOf(his, text).waitFor();
  await messageOf(hers, "meanwhile").waitFor();
  await waitForCount(hers, ".message.pending", 0);
  const texts = await storedTexts();
  assert.deepEqual(texts.slice(3), ["meanwhile", "one", "two", "three"]);
  assert.deepEqual(await shownTexts(hers), texts);
}

/** What was not sent survives the end of the page, and is sent once. */
async function reloadOffline(hers, his) {
  await system.kill();
  await write(hers, "kept over a reload");
  await hers.keyboard.press("Enter");
  await hers.locator(".message.pending").waitFor();
  await until("the outbox is stored", () => storedOutbox(hers));
  await hers.reload();
  await waitForText(hers, ".message.pending", "kept over a reload");
  await system.start();
  await messageOf(his, "kept over a reload").waitFor({ timeout: 60_000 });
  await waitForCount(hers, ".message.pending", 0);
  const texts = await storedTexts();
  assert.deepEqual(texts.filter((text) => text === "kept over a reload").length, 1);
  assert.deepEqual(await shownTexts(hers), texts);
}

/** How many items of the outbox are in the store of the browser. */
function storedOutbox(page) {
  return page.evaluate(async () => {
    const [{ name }] = await indexedDB.databases();
    const db = await new Promise((resolve) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
    });
    const count = await new Promise((resolve) => {
      const request = db.transaction("outbox").objectStore("outbox").count();
      request.onsuccess = () => resolve(request.result);
    });
    db.close();
    return count;
  });
}

/** Two tabs share one connection; what one does, the other shows; either may close. */
async function twoTabs(hers, his) {
  const second = await hers.context().newPage();
  faults.watch(second);
  await second.goto(`${pages.url}/#/c/garden`);
  await messageOf(second, "kept over a reload").waitFor();
  await sendText(second, "from the second tab");
  await messageOf(hers, "from the second tab").waitFor();
  await messageOf(his, "from the second tab").waitFor();
  await hers.close();
  await sendText(his, "are you still there?");
  await messageOf(second, "are you still there?").waitFor();
  await sendText(second, "yes");
  await messageOf(his, "yes").waitFor();
  assert.deepEqual(await shownTexts(second), await storedTexts());
  await second.close();
}
