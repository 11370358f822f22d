// The two screenshots of the README: the chat of a small company, and the console while it talks.
import { Caller } from "./api.mjs";
import { until, waitForCount, waitForText } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { makeCompany } from "./company.mjs";
import { Screenshots } from "./screenshots.mjs";

const { ADMIN_TOKEN, CHAT_URL, TIDINGS_URL } = process.env;
const WINDOW = { viewport: { width: 1280, height: 800 } };
/** So many readings of the console make plots that show something; one comes every 2 s. */
const ROUNDS = 20;
const PLACE = "Harbour Bakery";

const admin = new Caller(TIDINGS_URL, "root", ADMIN_TOKEN);
const { ann, bob, site } = await makeCompany(TIDINGS_URL, "1");
const browser = await launch();
const faults = new Faults(CHAT_URL);
const screenshots = new Screenshots();
try {
  await takeChat();
  await takeConsole();
  faults.check();
  console.log(`${await screenshots.check()} screenshots of the README are of the pages as they are`);
} finally {
  await browser.close();
}

async function takeChat() {
  const page = await openWindow(browser, CHAT_URL, ann, faults, WINDOW);
  await page.goto(`${CHAT_URL}/#/c/${site}`);
  await waitForText(page, ".main-pane .message", "🎉🎉");
  await page.locator(".thread-summary").click();
  await waitForText(page, ".side-pane .message", "我来翻译。");
  await page.locator("[data-status=delivered], [data-status=read]").first().waitFor();
  // Nothing of the thread is unread any more.
  await waitForCount(page, ".thread-summary .badge, .own-dot", 0);
  await page.mouse.move(0, 0);
  await screenshots.take(page, "chat.png");
  await page.context().close();
}

/** Somebody writes and somebody reads while the console is open. */
async function takeConsole() {
  await admin.call("PATCH", "/v1/admin/place", { name: PLACE });
  const reader = await openWindow(browser, CHAT_URL, ann, faults);
  await waitForText(reader, ".row-target", "Design");
  const viewport = { width: 1280, height: 1000 };
  const page = await openWindow(browser, `${CHAT_URL}/ops`, admin, faults, { viewport });
  await page.locator(".verdict.good").waitFor();
  for (let round = 0; round < ROUNDS; round += 1) {
    const readings = page.waitForResponse((answer) => answer.url().endsWith("/metrics"));
    const count = 3 + ((round * 7) % 11);
    for (let at = 0; at < count; at += 1) await bob.send(`${site}-design`, `draft ${at}`);
    await readings;
  }
  await until("every part follows the log", async () => {
    return (await page.locator(".verdict.good").count()) > 0;
  });
  await screenshots.take(page, "operations.png");
  await page.context().close();
}
