// A service desk in the chat: a customer and two agents in three windows.
import { signUp } from "./api.mjs";
import { findAxeFaults } from "./axe.mjs";
import { assert, sendText, until, waitForText } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";

const { ADMIN_TOKEN, CHAT_URL, TIDINGS_URL } = process.env;
const ending = String(Date.now());
const DESK = `billing-${ending}`;
const OTHER_DESK = `sales-${ending}`;
const TITLE = `Billing ${ending}`;

const people = await Promise.all([
  signUp(TIDINGS_URL, "ann", "Ann Carter"),
  signUp(TIDINGS_URL, "ben", "Ben Okafor"),
  signUp(TIDINGS_URL, "dora", "Dora 王"),
]);
const [annCalls, benCalls, doraCalls] = people;
const admin = new annCalls.constructor(TIDINGS_URL, "moderator", ADMIN_TOKEN);

await setDesk(DESK, TITLE, [benCalls.user, doraCalls.user], { reply_target: "2m" });
await setDesk(OTHER_DESK, `Sales ${ending}`, [doraCalls.user]);

async function setDesk(desk, title, agents, more = {}) {
  const body = { title, agents, greeting: "Hello! How can we help?", ...more };
  const { position } = await admin.call("PUT", `/v1/admin/desks/${desk}`, body);
  await admin.get(`/v1/admin/desks/${desk}?min_position=${position}`);
}

const browser = await launch();
const faults = new Faults(CHAT_URL);
const windows = {};
try {
  const still = { reducedMotion: "reduce" };
  windows.ann = await openWindow(browser, CHAT_URL, annCalls, faults, still);
  windows.ben = await openWindow(browser, CHAT_URL, benCalls, faults, still);
  windows.dora = await openWindow(browser, CHAT_URL, doraCalls, faults, still);
  const steps = { ask, accept, answer, describe, handOver, close, rate, again, keys, remind, narrow };
  for (const [name, step] of Object.entries(steps)) {
    await step(windows).catch(async (error) => {
      for (const [who, page] of Object.entries(windows)) {
        await page.screenshot({ path: `${process.env.ARTEFACTS}/failed-desks-${name}-${who}.png` });
      }
      throw new Error(`${name}: ${error.stack}`);
    });
  }
  faults.check();
  console.log(`desks: ${Object.keys(steps).join(", ")}`);
} finally {
  await browser.close();
}

function button(page, name) {
  return page.getByRole("button", { name, exact: true });
}

/** The bar of the session in the open conversation. */
function bar(page) {
  return page.locator(".session-bar");
}

async function isAccessible(page, selector, what) {
  for (const theme of ["light", "dark"]) {
    await page.evaluate((chosen) => {
      document.documentElement.dataset.theme = chosen;
    }, theme);
    assert.deepEqual(await findAxeFaults(page, selector), [], `axe-core, ${what}, ${theme}`);
  }
  await page.evaluate(() => delete document.documentElement.dataset.theme);
}

/** A customer chooses a desk, and asks. */
async function ask({ ann }) {
  await button(ann, "New conversation").click();
  await ann.getByRole("menuitem", { name: "Contact a service desk" }).click();
  await ann.getByLabel("Whom do you want to reach?").selectOption({ label: TITLE });
  await ann.getByLabel("Your question").fill("My invoice is wrong.");
  await isAccessible(ann, ".panel", "the choice of a desk");
  await button(ann, "Start").click();
  await ann.locator(".conversation-header h2", { hasText: TITLE }).waitFor();
  await waitForText(ann, ".main-pane .message", "Hello! How can we help?");
  await waitForText(ann, ".main-pane .message", "My invoice is wrong.");
  await bar(ann).getByText("Waiting for an agent").waitFor();
  await ann.locator(".session-tag.waiting").waitFor();
}

/** Both agents see who waits; one gets the session, and it leaves the queue of the other. */
async function accept({ ann, ben, dora }) {
  for (const page of [ben, dora]) {
    await page.locator(".filter", { hasText: "Desk" }).click();
    await waitForText(page, ".desk-row", TITLE);
  }
  await isAccessible(ben, ".desk-queue", "the queue");
  await ben.getByRole("button", { name: /^Accept / }).click();
  await ben.locator(".conversation-header h2", { hasText: "Ann Carter" }).waitFor();
  await waitForText(ben, ".main-pane .message", "My invoice is wrong.");
  await waitForText(ben, "section:has(#desk-mine) .desk-row", "Ann Carter");
  await dora.getByText("No one is waiting.").waitFor();
  await bar(ann).getByText("Ben Okafor is answering").waitFor();
  await bar(ben).getByText(/^Reply within [01]:\d\d$/).waitFor();
}

/** A canned reply goes into the field; the countdown ends with the answer. */
async function answer({ ann, ben }) {
  await bar(ben).getByRole("button", { name: "Canned replies" }).click();
  await ben.getByLabel("New reply").fill("Let me look into that.");
  await ben.getByRole("button", { name: "Add", exact: true }).click();
  await isAccessible(ben, "dialog[open]", "canned replies");
  await ben.locator(".canned-reply", { hasText: "Let me look into that." }).click();
  const field = ben.locator(".main-pane .composer-field");
  await until("the reply is in the field", async () => {
    return (await field.inputValue()) === "Let me look into that.";
  });
  await field.press("Enter");
  await waitForText(ann, ".main-pane .message", "Let me look into that.");
  await bar(ben).locator(".reply-target").waitFor({ state: "detached" });
  await sendText(ann, "Thank you, I wait.");
  await bar(ben).locator(".reply-target").waitFor();
}

/** Notes and tags are for agents only. */
async function describe({ ann, ben }) {
  await bar(ben).getByRole("button", { name: "Customer, notes and tags" }).click();
  const panel = ben.locator(".panel");
  await panel.getByText("Ann Carter").first().waitFor();
  await panel.getByLabel("New note").fill("She is right.");
  await panel.getByRole("button", { name: "Add the note" }).click();
  await waitForText(ben, ".session-notes li", "She is right.");
  await panel.getByRole("textbox", { name: "Tags", exact: true }).fill("refund, vip");
  await panel.getByRole("button", { name: "Save the tags" }).click();
  const own = async () => (await benCalls.get("/v1/service-sessions")).sessions[0];
  await until("the tags are kept", async () => (await own()).tags.join() === "refund,vip");
  await isAccessible(ben, ".panel", "the session");
  await ann.locator(".conversation-header .header-title").click();
  await ann.locator(".panel").getByText("Ben Okafor").first().waitFor();
  assert.equal(await ann.getByText("She is right.").count(), 0);
  assert.equal(await ann.locator(".panel").getByText("Tags").count(), 0);
  await button(ann, "Close this pane").click();
}

/** The former agent no longer sees the conversation. */
async function handOver({ ann, ben, dora }) {
  await bar(ben).getByRole("button", { name: "Hand over" }).click();
  const dialog = ben.locator("dialog[open]");
  await dialog.getByLabel("To", { exact: true }).selectOption({ label: "Dora 王" });
  await dialog.getByLabel("A note for the next agent").fill("Please check the invoice.");
  await isAccessible(ben, "dialog[open]", "handing over");
  await dialog.getByRole("button", { name: "Hand over" }).click();
  await ben.getByText("This conversation does not exist").waitFor();
  await waitForText(dora, "section:has(#desk-mine) .desk-row", "Ann Carter");
  await dora.keyboard.press("Alt+j");
  await waitForText(dora, ".main-pane .message", "Thank you, I wait.");
  await dora.keyboard.press("Alt+n");
  await waitForText(dora, ".session-notes li", "Please check the invoice.");
  await bar(ann).getByText("Dora 王 is answering").waitFor();
  await sendText(dora, "It is corrected.");
  await waitForText(ann, ".main-pane .message", "It is corrected.");
}

async function close({ ann, dora }) {
  await dora.locator(".main-pane .composer-field").focus();
  await dora.keyboard.press("Alt+x");
  const dialog = dora.locator("dialog[open]");
  await dialog.getByLabel("Reason").fill("solved");
  await isAccessible(dora, "dialog[open]", "closing");
  await dialog.getByRole("button", { name: "Close the session" }).click();
  await dora.getByText("This session is closed. You can read it").waitFor();
  assert.equal(await dora.locator(".main-pane .composer-field").count(), 0);
  await bar(ann).getByText("Closed").waitFor();
  await ann.locator(".session-tag.closed").waitFor();
}

async function rate({ ann }) {
  await bar(ann).getByRole("radio", { name: "4 stars" }).focus();
  await ann.keyboard.press("Space");
  await ann.getByPlaceholder("What should we know?").fill("That was quick.");
  await isAccessible(ann, ".session-bar", "the rating");
  await button(ann, "Send the rating").click();
  await bar(ann).getByText("You have rated this session: 4 of 5.").waitFor();
  const { sessions } = await annCalls.get("/v1/service-sessions");
  assert.deepEqual([sessions[0].rating, sessions[0].rating_text], [4, "That was quick."]);
}

/** The next message opens another session, which the customer closes. */
async function again({ ann, ben }) {
  await ann.getByText("Your next message opens a new session.").waitFor();
  await sendText(ann, "One more question");
  await bar(ann).getByText("Waiting for an agent").waitFor();
  await waitForText(ben, ".desk-row", TITLE);
  await bar(ann).getByRole("button", { name: "Close", exact: true }).click();
  await ann.locator("dialog[open]").getByRole("button", { name: "Close the session" }).click();
  await ben.getByText("No one is waiting.").waitFor();
  const { sessions } = await annCalls.get("/v1/service-sessions");
  assert.deepEqual([sessions[0].state, sessions[0].closed_by], ["closed", annCalls.user]);
}

/** An agent accepts, answers and hands over to another desk with keys only. */
async function keys({ ann, ben, dora }) {
  await sendText(ann, "And another one");
  await waitForText(ben, ".desk-row", TITLE);
  await ben.keyboard.press("Alt+a");
  await waitForText(ben, ".main-pane .message", "And another one");
  await ben.keyboard.press("Alt+l");
  await ben.locator("dialog[open]").waitFor();
  await ben.keyboard.press("Escape");
  await ben.keyboard.press("Alt+o");
  const to = ben.locator("dialog[open]").getByLabel("To", { exact: true });
  await until("the desks are there", async () => (await to.locator("option").count()) > 1);
  await to.selectOption({ label: `Sales ${ending} (another desk)` });
  await ben.locator("dialog[open]").getByRole("button", { name: "Hand over" }).press("Enter");
  await waitForText(dora, ".desk-row", `Sales ${ending}`);
  await dora.keyboard.press("Alt+a");
  await bar(dora).getByText("Open").waitFor();
}

/** Who waits for too long is marked, and the agent learns of it. */
async function remind({ ben }) {
  const desk = `support-${ending}`;
  const soon = { reply_target: "1s", reminders: true };
  await setDesk(desk, `Support ${ending}`, [benCalls.user], soon);
  const question = { text: "Is anybody there?" };
  const opened = await annCalls.call("POST", `/v1/desks/${desk}/sessions`, question);
  await ben.getByText("Ann Carter is waiting, and has no reply yet.").waitFor();
  await waitForText(ben, ".desk-row .reply-target.overdue", "Reply overdue by");
  await isAccessible(ben, ".desk-queue", "the queue with an overdue reply");
  await remindElsewhere(ben, opened.session_id, opened.conversation_id);
}

/** An agent who looks elsewhere gets a notification, which takes the place of no other one. */
async function remindElsewhere(page, session, conversation) {
  await benCalls.call("POST", `/v1/service-sessions/${session}/accept`, {});
  await benCalls.send(conversation, "I am here.");
  await lookElsewhere(page, benCalls.user);
  await annCalls.send(conversation, "Where?");
  const shown = () => page.evaluate(() => window.shownNotifications);
  await until("a notification", async () => (await shown()).length > 0);
  const [{ title, tag, data }] = await shown();
  assert.deepEqual([title, data.conversation_id], ["Ann Carter has no reply yet.", conversation]);
  assert(tag !== "" && tag !== conversation, "the messages of the conversation have that tag");
}

/** The page is hidden, and has notifications, which Chromium without a window does not show. */
async function lookElsewhere(page, user) {
  await page.evaluate(async (user) => {
    localStorage.setItem("tidings.notifications", JSON.stringify({ user, preview: true }));
    Object.defineProperty(Notification, "permission", { get: () => "granted" });
    Object.defineProperty(document, "hidden", { get: () => true });
    await navigator.serviceWorker.register("/service-worker.js");
    window.shownNotifications = [];
    ServiceWorkerRegistration.prototype.showNotification = async (title, options) => {
      window.shownNotifications.push({ title, ...options });
    };
  }, user);
}

/** On a phone, and in Chinese. */
async function narrow({ dora }) {
  await dora.setViewportSize({ width: 360, height: 740 });
  await until("nothing is wider than the window", () =>
    dora.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
  );
  const box = await bar(dora).boundingBox();
  assert(box.width <= 360, `the bar is ${box.width} px wide`);
  await dora.evaluate(() => localStorage.setItem("tidings.language", "zh"));
  await dora.reload();
  await bar(dora).getByText("进行中").waitFor();
  await isAccessible(dora, ".session-bar", "the bar in Chinese");
  await dora.getByRole("button", { name: "返回会话列表" }).click();
  await dora.locator(".filter", { hasText: "客服" }).click();
  await dora.getByText("我的服务会话").waitFor();
  await dora.screenshot({ path: `${process.env.ARTEFACTS}/desk-queue-phone.png` });
}
