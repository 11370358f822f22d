// What the browser tests ask of pages.
import assert from "node:assert/strict";

/** Waits until a condition of this process holds. */
export async function until(what, condition, seconds = 20) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function waitForText(page, selector, text, options = {}) {
  const found = page.locator(selector).filter({ hasText: text }).first();
  await found.waitFor({ state: "visible", ...options });
  return found;
}

export async function waitForCount(page, selector, count) {
  await page.waitForFunction(
    ([selector, count]) => document.querySelectorAll(selector).length === count,
    [selector, count],
  );
}

/** Opens a conversation from the list, by its title. */
export async function openConversation(page, title) {
  await (await waitForText(page, ".row-target", title)).click();
  await page.locator(".conversation-header h2").filter({ hasText: title }).waitFor();
}

/** Writes into the field of the open conversation, as people do. */
export async function write(page, text) {
  const field = page.locator(".main-pane .composer-field");
  await field.click();
  await field.pressSequentially(text);
}

export async function sendText(page, text) {
  await write(page, text);
  await page.keyboard.press("Enter");
  await waitForText(page, ".main-pane .message.own", text);
}

/** The message with a text, in the timeline. */
export function messageOf(page, text) {
  return page.locator(".main-pane .message").filter({ hasText: text }).last();
}

/** Chooses an item of the menu of a message. */
export async function chooseOf(page, message, label) {
  await message.hover();
  await message.locator(".message-tools .tool[aria-haspopup=menu]").click();
  await page.getByRole("menuitem", { name: label, exact: true }).click();
}

/** The texts of the messages that a page shows, in order. */
export function shownTexts(page) {
  return page.locator(".main-pane .message .message-text").allTextContents();
}

export { assert };
