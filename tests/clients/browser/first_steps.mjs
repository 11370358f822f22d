// A new user does exactly what docs/first-steps.md says, with a fresh system, within two minutes.
// The screenshots of that page are taken on the way.
import { assert, until, waitForText } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { Screenshots } from "./screenshots.mjs";
import { System, freePort } from "./system.mjs";

const MOST_SECONDS = 120;
const PASSWORD = "correct horse battery";
const WINDOW = { viewport: { width: 900, height: 560 } };

const began = performance.now();
const system = new System(process.env.DIRECTORY, await freePort());
const browser = await launch();
const faults = new Faults(system.url);
const screenshots = new Screenshots();
try {
  await system.start();
  const ann = await signUp("ann", "Ann Carter", true);
  const bob = await signUp("bob", "李波");
  await write(ann);
  await answer(bob);
  await readAnswer(ann);
  await search(bob);
  const seconds = (performance.now() - began) / 1000;
  assert(seconds < MOST_SECONDS, `the first steps took ${Math.round(seconds)} s`);
  faults.check();
  const count = await screenshots.check();
  console.log(`${count} screenshots; started, signed up, talked and found in ${seconds.toFixed(1)} s`);
} finally {
  await browser.close();
  await system.stop();
}

/** Each person has a window with storage of its own, as a private window has. */
async function signUp(user, name, withScreenshots = false) {
  const page = await openWindow(browser, `${system.url}/`, null, faults, WINDOW);
  await page.getByRole("button", { name: "Create an account" }).first().click();
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  if (withScreenshots) await screenshots.take(page, "first-steps-1.png");
  await page.locator("form .button.primary").click();
  await page.locator(".own-name").filter({ hasText: name }).waitFor();
  return page;
}

async function write(page) {
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByRole("menuitem", { name: "People" }).click();
  await page.getByLabel("Find people").fill("bob");
  await page.getByRole("button", { name: "Look at “bob”" }).click();
  await waitForText(page, ".panel", "You do not see the profile of this person");
  await screenshots.take(page, "first-steps-2.png");
  await page.locator(".panel").getByRole("button", { name: "Message" }).click();
  const field = page.locator(".main-pane .composer-field");
  await field.click();
  await field.pressSequentially("Noodles at noon? 一起吃面条吗？");
  await page.keyboard.press("Enter");
  await page.locator(".message.own [data-status=delivered]").waitFor();
}

async function answer(page) {
  const row = await waitForText(page, ".conversation-row.unread .row-target", "Ann Carter");
  await waitForText(page, ".row-preview", "Noodles at noon?");
  await screenshots.take(page, "first-steps-3.png");
  await row.click();
  await waitForText(page, ".main-pane .message", "一起吃面条吗？");
  const field = page.locator(".main-pane .composer-field");
  await field.click();
  await field.pressSequentially("好的，十二点见 🍜");
  await page.keyboard.press("Enter");
  await waitForText(page, ".message.own:not(.pending)", "十二点见");
}

async function readAnswer(page) {
  await waitForText(page, ".main-pane .message", "十二点见");
  await page.locator(".message.own [data-status=read]").waitFor();
  await until("the name of Bob is known", () =>
    page.locator(".conversation-header h2").filter({ hasText: "李波" }).isVisible(),
  );
  await screenshots.take(page, "first-steps-4.png");
}

async function search(page) {
  await page.locator(".sidebar").getByRole("button", { name: "Search messages" }).click();
  await page.getByRole("searchbox", { name: "Search messages" }).fill("noodles");
  await page.locator(".panel mark").filter({ hasText: "Noodles" }).waitFor();
  await screenshots.take(page, "first-steps-5.png");
  await page.locator(".panel .panel-row").first().click();
  await page.locator(".message.marked").filter({ hasText: "Noodles at noon?" }).waitFor();
}
