// Two people in two windows use every feature of the conversation view.
import { Caller, signUp } from "./api.mjs";
import {
  assert,
  chooseOf,
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

const { TIDINGS_URL, CHAT_URL } = process.env;
const GROUP = "Garden";

const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(TIDINGS_URL, "bob", "Bob Okafor");
const group = `garden-${Date.now()}`;
await ann.createGroup(group, GROUP, [bob.user]);
await ann.createDirect(bob.user);

const browser = await launch();
const faults = new Faults(CHAT_URL);
const shown = [];
try {
  const [his, hers] = await Promise.all([
    openWindow(browser, CHAT_URL, bob, faults),
    openWindow(browser, CHAT_URL, ann, faults),
  ]);
  const steps = {
    unreadAndReceipts,
    mentions,
    reactionsAndReplies,
    editRecallRestore,
    pins,
    threads,
    typingAndPresence,
    preferences,
    unreadFromHere,
    scheduled,
    inputMethods,
    drafts,
    dates,
    rightToLeft,
    refusals,
    moderation,
    signOut,
  };
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step(hers, his);
    } catch (error) {
      await hers.screenshot({ path: `${process.env.ARTEFACTS}/failed-${name}-1.png` });
      await his.screenshot({ path: `${process.env.ARTEFACTS}/failed-${name}-2.png` });
      throw new Error(`${name}: ${error.stack}`);
    }
    shown.push(name);
  }
  faults.check();
  console.log(`two windows showed ${shown.length} groups of features, without a fault`);
} finally {
  await browser.close();
}

/** What one sends reaches the other: unread counts, previews, ticks, who has read. */
async function unreadAndReceipts(hers, his) {
  await openConversation(hers, GROUP);
  await sendText(hers, "Who waters the tomatoes?");
  await waitForText(his, ".conversation-row.unread", GROUP);
  const row = his.locator(".conversation-row").filter({ hasText: GROUP });
  assert.equal(await row.locator(".badge [aria-hidden]").textContent(), "1");
  await row.locator(".row-preview").filter({ hasText: "Who waters the tomatoes?" }).waitFor();
  await his.waitForFunction(() => document.title.startsWith("(1)"));
  await messageOf(hers, "tomatoes").locator("[data-status=delivered]").waitFor();

  await openConversation(his, GROUP);
  await waitForText(his, ".unread-line", "New messages");
  await waitForCount(his, ".conversation-row.unread", 0);
  const sign = messageOf(hers, "tomatoes").locator("[data-status=read]");
  await sign.waitFor();
  await sign.click();
  await waitForText(hers, "dialog .user-list li", "Bob Okafor");
  await hers.keyboard.press("Escape");
  await waitForCount(hers, "dialog", 0);
}

/** Completion by keyboard, the chip, and the badge of the one who is mentioned. */
async function mentions(hers, his) {
  await his.goto(`${CHAT_URL}/#/`);
  await write(hers, "Could you do it, @bo");
  const option = hers.getByRole("option").filter({ hasText: "Bob Okafor" });
  await option.waitFor();
  assert.equal(await option.getAttribute("aria-selected"), "true");
  await hers.keyboard.press("Enter");
  await hers.keyboard.type("please?");
  await hers.keyboard.press("Enter");
  await waitForText(hers, ".message .mention", "@Bob Okafor");
  await his.locator(".conversation-row .mention-badge").waitFor();
  await openConversation(his, GROUP);
  await waitForText(his, ".message .mention.mine", "@Bob Okafor");
}

async function reactionsAndReplies(hers, his) {
  const message = messageOf(his, "Could you do it");
  await message.hover();
  await message.getByRole("button", { name: "React with 👍" }).click();
  const reaction = messageOf(hers, "Could you do it").locator(".reaction");
  await reaction.filter({ hasText: "1" }).waitFor();
  await reaction.click();
  await messageOf(his, "Could you do it").locator(".reaction").filter({ hasText: "2" }).waitFor();
  await reaction.click();
  await messageOf(his, "Could you do it").locator(".reaction").filter({ hasText: "1" }).waitFor();

  // One more from the picker, found by a word.
  await message.hover();
  await message.getByRole("button", { name: "More reactions" }).click();
  await his.keyboard.type("party");
  await his.keyboard.press("Enter");
  await messageOf(hers, "Could you do it").locator(".reaction").nth(1).waitFor();

  await message.hover();
  await message.getByRole("button", { name: "Reply", exact: true }).click();
  await waitForText(his, ".task-bar", "Ann Carter");
  await his.keyboard.type("Yes, in the evening.");
  await his.keyboard.press("Enter");
  const reply = messageOf(hers, "Yes, in the evening.");
  await reply.locator(".quote").filter({ hasText: "Could you do it" }).click();
  await hers.locator(".message.marked").filter({ hasText: "Could you do it" }).waitFor();
}

async function editRecallRestore(hers, his) {
  await sendText(hers, "At sevn?");
  await hers.keyboard.press("ArrowUp");
  await waitForText(hers, ".task-bar", "Editing");
  await hers.keyboard.press("ControlOrMeta+a");
  await hers.keyboard.type("At seven?");
  await hers.keyboard.press("Enter");
  await messageOf(his, "At seven?").locator(".edited-sign").click();
  await waitForText(his, "dialog .versions", "At sevn?");
  await his.keyboard.press("Escape");

  await chooseOf(hers, messageOf(hers, "At seven?"), "Recall for everyone");
  await hers.locator("dialog .button.danger").click();
  await waitForText(his, ".message.recalled", "This message was recalled.");
  await waitForText(his, ".row-preview", "Recalled message");
  // She is the owner, so she can restore it.
  await chooseOf(hers, hers.locator(".message.recalled").last(), "Restore");
  await messageOf(his, "At seven?").waitFor();
  await messageOf(hers, "At seven?").waitFor();
}

async function pins(hers, his) {
  await chooseOf(hers, messageOf(hers, "Who waters the tomatoes?"), "Pin");
  await messageOf(his, "Who waters the tomatoes?").locator(".pinned-sign").waitFor();
  await his.getByRole("button", { name: "1 pinned message" }).waitFor();
  await chooseOf(hers, messageOf(hers, "Who waters the tomatoes?"), "Unpin");
  await waitForCount(his, ".pinned-sign", 0);
}

/** A thread beside the conversation, its replies, following and unread. */
async function threads(hers, his) {
  const root = messageOf(hers, "Who waters the tomatoes?");
  await root.hover();
  await root.getByRole("button", { name: "Reply in thread" }).click();
  const field = hers.locator(".side-pane .composer-field");
  await field.fill("And the cucumbers?");
  await field.press("Enter");
  const summary = messageOf(his, "Who waters the tomatoes?").locator(".thread-summary");
  await summary.filter({ hasText: "1 reply" }).click();
  await waitForText(his, ".side-pane .message", "And the cucumbers?");
  const texts = await shownTexts(his);
  assert(!texts.includes("And the cucumbers?"), "replies of threads are not in the timeline");
  await his.locator(".side-pane .composer-field").fill("Both, of course.");
  await his.keyboard.press("Enter");
  await waitForText(hers, ".side-pane .message", "Both, of course.");
  await hers.getByRole("button", { name: "Following" }).waitFor();
  await hers.getByRole("button", { name: "Following" }).click();
  await hers.getByRole("button", { name: "Follow", exact: true }).click();
  await hers.getByRole("button", { name: "Following" }).waitFor();
  for (const page of [hers, his]) {
    await page.locator(".side-pane").getByRole("button", { name: "Close this pane" }).click();
    await waitForCount(page, ".side-pane", 0);
  }
}

async function typingAndPresence(hers, his) {
  await hers.locator(".conversation-row .presence-dot").first().waitFor();
  await his.locator(".main-pane .composer-field").click();
  // The server passes on one notice in three seconds, so one key may not be enough.
  const line = hers.locator(".typing-line").filter({ hasText: "Bob Okafor is typing…" });
  await until("she sees that he is typing", async () => {
    await his.keyboard.type("a");
    return line.isVisible();
  });
  await waitForText(hers, ".row-preview.typing", "Bob Okafor is typing…");
  await his.locator(".composer-field").fill("");
  await waitForCount(hers, ".typing-line .typing-dots", 0);
}

async function preferences(hers) {
  const row = hers.locator(".conversation-row").filter({ hasText: GROUP });
  const choose = async (label) => {
    await row.hover();
    await row.locator(".row-options").click();
    await hers.getByRole("menuitem", { name: label, exact: true }).click();
  };
  await choose("Pin to the top");
  await row.getByText("pinned").waitFor({ state: "attached" });
  assert.match(await hers.locator(".conversation-row").first().textContent(), /Garden/);
  await choose("Unpin");
  await choose("Mute");
  await row.getByText("muted").waitFor({ state: "attached" });
  await choose("Unmute");
  await choose("Archive");
  await row.waitFor({ state: "detached" });
  await hers.getByRole("button", { name: "Archived" }).click();
  await choose("Move back to the list");
  await hers.getByRole("button", { name: "All", exact: true }).click();
  await row.waitFor();
  // Found by a part of its name, whatever the case.
  await hers.locator(".filter-field").fill("GARD");
  await waitForCount(hers, ".conversation-row", 1);
  await hers.locator(".filter-field").fill("");
}

async function unreadFromHere(hers, his) {
  await chooseOf(his, messageOf(his, "Could you do it"), "Mark unread from here");
  const row = his.locator(".conversation-row").filter({ hasText: GROUP });
  await row.locator(".badge").waitFor();
  await his.goto(`${CHAT_URL}/#/`);
  await openConversation(his, GROUP);
  await waitForCount(his, ".conversation-row.unread", 0);
  await his.locator(".unread-line").waitFor();
}

async function scheduled(hers) {
  await write(hers, "Do not forget the garden.");
  await hers.getByRole("button", { name: "Send later" }).click();
  await hers.getByRole("button", { name: /In an hour/ }).click();
  await waitForText(hers, ".toast", "Scheduled for");
  await until("the server has it", async () => {
    const { scheduled } = await ann.get("/v1/scheduled");
    return scheduled.some((one) => one.body.text === "Do not forget the garden.");
  });
  assert.equal(await hers.locator(".composer-field").inputValue(), "");
}

/** The Enter that chooses characters in an input method does not send. */
async function inputMethods(hers, his) {
  const field = hers.locator(".main-pane .composer-field");
  await field.click();
  const session = await hers.context().newCDPSession(hers);
  await session.send("Input.imeSetComposition", { text: "にわ", selectionStart: 2, selectionEnd: 2 });
  // An input method swallows the key; the page sees it with isComposing.
  await field.dispatchEvent("keydown", { key: "Enter", isComposing: true, keyCode: 229 });
  await session.send("Input.insertText", { text: "庭" });
  assert.equal(await field.inputValue(), "庭");
  await hers.keyboard.type("😀");
  await hers.keyboard.press("Shift+Enter");
  await hers.keyboard.type("花园");
  await hers.keyboard.press("Enter");
  const message = messageOf(his, "庭😀");
  await message.waitFor();
  assert.equal(await message.locator(".message-text").textContent(), "庭😀\n花园");
}

/** What is not sent yet is there after a reload, and in the list. */
async function drafts(hers) {
  await write(hers, "half a thought");
  await hers.reload();
  await hers.locator(".composer-field").waitFor();
  assert.equal(await hers.locator(".composer-field").inputValue(), "half a thought");
  await hers.goto(`${CHAT_URL}/#/`);
  await waitForText(hers, ".row-preview", "Draft: half a thought");
  await openConversation(hers, GROUP);
  await hers.locator(".composer-field").fill("");
}

async function dates(hers) {
  await waitForText(hers, ".day-line", "Today");
  await hers.locator(".conversation-header").getByRole("button", { name: "More" }).click();
  await hers.getByRole("menuitem", { name: "Go to a date" }).click();
  await hers.locator("dialog .button.primary").click();
  await hers.locator(".message.marked").filter({ hasText: "Who waters the tomatoes?" }).waitFor();
}

async function rightToLeft(hers, his) {
  await sendText(hers, "مرحبا بكم في الحديقة");
  const direction = await messageOf(his, "مرحبا")
    .locator(".message-text")
    .evaluate((element) => getComputedStyle(element).direction);
  assert.equal(direction, "rtl");
}

/** A message that the server refuses stays, says why, and can be sent again or discarded. */
async function refusals(hers, his) {
  faults.expected.push(/status of 403/);
  await ann.call("PUT", `/v1/conversations/${group}/silences/${bob.user}`, {});
  await write(his, "May I?");
  await his.keyboard.press("Enter");
  const failed = his.locator(".message.failed").filter({ hasText: "May I?" });
  await failed.locator(".failure").filter({ hasText: "silenced" }).waitFor();
  await ann.call("DELETE", `/v1/conversations/${group}/silences/${bob.user}`);
  await failed.getByRole("button", { name: "Try again" }).click();
  await messageOf(hers, "May I?").waitFor();
  await waitForCount(his, ".message.failed", 0);

  await ann.call("PATCH", `/v1/conversations/${group}`, { post: "admins" });
  await waitForText(his, ".writing-rules", "Only admins can write here.");
  await ann.call("PATCH", `/v1/conversations/${group}`, { post: "members" });
  await his.locator(".main-pane .composer-field").waitFor();
}

/** Masked, refused, held, released and refused by moderators. */
async function moderation(hers, his) {
  faults.expected.push(/status of 422/);
  const admin = new Caller(TIDINGS_URL, "moderator", process.env.ADMIN_TOKEN);
  const list = (name, action, word) =>
    admin.call("PUT", `/v1/moderation/lists/${name}`, { action, match: "word", words: [word] });
  await list("masked", "mask", "zorbled");
  await list("refused", "refuse", "quuxed");
  await until("the words are masked", async () => {
    await write(his, "you zorbled");
    await his.keyboard.press("Enter");
    await messageOf(hers, "you").waitFor();
    return (await shownTexts(hers)).includes("you *******");
  });
  await waitForText(his, ".toast", "replaced by *");
  await write(his, "you quuxed");
  await his.keyboard.press("Enter");
  const refused = his.locator(".message.failed").filter({ hasText: "you quuxed" });
  await refused.locator(".failure").filter({ hasText: "the rules of this place" }).waitFor();
  await refused.getByRole("button", { name: "Discard" }).click();
  await waitForCount(his, ".message.failed", 0);

  // Nobody answers there, so every message is held.
  const hook = { url: "https://hook.invalid/", on_failure: "hold", timeout_ms: 100 };
  await admin.call("PUT", "/v1/moderation/hook", hook);
  try {
    for (const action of ["release", "refuse"]) await holdAndResolve(admin, his, action);
  } finally {
    await admin.call("DELETE", "/v1/moderation/hook");
  }
  await messageOf(hers, "please release this").waitFor();
  await waitForText(his, ".toast", "Moderators did not let a message of yours through");
  assert(!(await shownTexts(hers)).includes("please refuse this"));
}

async function holdAndResolve(admin, page, action) {
  const text = `please ${action} this`;
  await until("the message is held", async () => {
    await write(page, text);
    await page.keyboard.press("Enter");
    await messageOf(page, text).waitFor();
    return page.locator(".message.held").filter({ hasText: text }).first().isVisible();
  });
  // The cases follow the log a little later.
  await until("moderators have decided", async () => {
    const { cases } = await admin.get("/v1/moderation/cases?state=open");
    for (const { id } of cases.filter((one) => one.kind === "held")) {
      await admin.call("POST", `/v1/moderation/cases/${id}/resolve`, { action, note: "a test" });
    }
    return (await page.locator(".message.held").count()) === 0;
  });
}

async function signOut(hers) {
  await hers.getByRole("button", { name: "Your account" }).click();
  await hers.getByRole("menuitem", { name: "Sign out" }).click();
  await hers.locator("dialog .button").filter({ hasText: "Sign out" }).click();
  await hers.getByRole("heading", { name: "Welcome to Tidings" }).waitFor();
  await hers.getByRole("button", { name: "中文" }).click();
  await hers.getByRole("heading", { name: "欢迎使用 Tidings" }).waitFor();
  await hers.getByRole("button", { name: "English" }).click();
  // In again, through the form.
  await hers.getByLabel("User name").fill(ann.user);
  await hers.getByLabel("Password").fill("correct horse battery");
  await hers.locator("form .button.primary").click();
  await waitForText(hers, ".row-target", GROUP);
}
