// Pictures of people and groups, captions, files that are sent later, and players that fetch what
// they play.
import { signUp } from "./api.mjs";
import { findAxeFaults } from "./axe.mjs";
import { assert, chooseOf, openConversation, until, waitForCount, waitForText } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { asFile, png, vp8Frames, wav, webm } from "./media.mjs";

const { TIDINGS_URL, CHAT_URL, ARTEFACTS } = process.env;
const GROUP = "Album";
const GREEN = [30, 160, 60];
const BLUE = [20, 60, 200];

const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(TIDINGS_URL, "bob", "Bob Okafor");
const group = `album-${Date.now()}`;
await ann.createGroup(group, GROUP, [bob.user]);
await ann.send(group, "Welcome to the album");

const browser = await launch();
const faults = new Faults(CHAT_URL);
// A busy server asks for patience with a preview, and the page asks again.
faults.expected.push(/status of 503/);
const shown = [];
try {
  const [hers, his] = await Promise.all([
    openWindow(browser, CHAT_URL, ann, faults),
    openWindow(browser, CHAT_URL, bob, faults),
  ]);
  await openConversation(hers, GROUP);
  await openConversation(his, GROUP);
  const steps = { ownPicture, groupPicture, unreadable, captions, sentLater, video, audio };
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step(hers, his);
    } catch (error) {
      await hers.screenshot({ path: `${ARTEFACTS}/failed-media-${name}-1.png` });
      await his.screenshot({ path: `${ARTEFACTS}/failed-media-${name}-2.png` });
      throw new Error(`${name}: ${error.stack}`);
    }
    shown.push(name);
  }
  faults.check();
  console.log(`two windows showed ${shown.length} things that people do with media`);
} finally {
  await browser.close();
}

/** Chooses a file as the picker of the system does. */
async function pick(page, button, file) {
  const chooser = page.waitForEvent("filechooser");
  await button.click();
  await (await chooser).setFiles(file);
}

/** The colour in the middle of the first picture of these, once one is there. */
async function colorOf(page, selector) {
  const image = page.locator(`${selector} img`).first();
  await image.waitFor();
  await until("the picture is decoded", () => image.evaluate((element) => element.naturalWidth > 0));
  return await image.evaluate((element) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const context = canvas.getContext("2d");
    const middle = [element.naturalWidth / 2, element.naturalHeight / 2];
    context.drawImage(element, ...middle, 1, 1, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  });
}

function isNear(found, expected) {
  return found.every((value, at) => Math.abs(value - expected[at]) < 12);
}

async function openSettings(page) {
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.locator(".panel .picture-field").waitFor();
}

async function closePanel(page) {
  await page.locator(".side-pane").press("Escape");
  await waitForCount(page, ".side-pane", 0);
}

/** It is made small and square, shown to others, and removed again. */
async function ownPicture(hers, his) {
  await openSettings(hers);
  const field = hers.locator(".panel .picture-field");
  const choose = field.getByRole("button", { name: "Choose a picture" });
  await pick(hers, choose, asFile("me.png", "image/png", png(900, 600, GREEN)));
  await waitForText(hers, ".toast", "The picture is saved");
  assert(isNear(await colorOf(hers, ".panel .picture-field .avatar"), GREEN));
  assert.deepEqual(await findAxeFaults(hers, ".panel"), []);
  const { avatar } = await ann.get("/v1/users/me");
  const file = await bob.get(`/v1/files/${avatar}`);
  assert.deepEqual([file.type, file.width, file.height], ["image/png", 512, 512]);
  // No entry says that a profile has changed; he has not looked at hers before.
  await his.reload();
  await openConversation(his, GROUP);
  assert(isNear(await colorOf(his, ".main-pane .message-avatar .avatar"), GREEN));
  // His page has her profile from before and may ask for this file, which he can no longer see.
  faults.expected.push(new RegExp(`status of 404.*/v1/files/${avatar}/`));
  await field.getByRole("button", { name: "Remove the picture" }).click();
  await waitForText(hers, ".toast", "The picture is removed");
  await waitForCount(hers, ".panel .picture-field .avatar img", 0);
  assert.equal((await ann.get("/v1/users/me")).avatar, null);
  await closePanel(hers);
}

/** The others see it at once, in the list and above the conversation. */
async function groupPicture(hers, his) {
  await hers.locator(".header-title").click();
  await hers.locator(".panel").getByRole("button", { name: "Settings of the group" }).click();
  const field = hers.locator(".panel .picture-field");
  const choose = field.getByRole("button", { name: "Choose a picture" });
  await pick(hers, choose, asFile("us.png", "image/png", png(300, 300, BLUE)));
  await waitForText(hers, ".toast", "The picture is saved");
  assert(isNear(await colorOf(his, ".conversation-header .avatar"), BLUE));
  assert(isNear(await colorOf(his, ".sidebar .avatar.group"), BLUE));
  await his.screenshot({ path: `${ARTEFACTS}/media-group-picture.png` });
  await his.reload();
  await openConversation(his, GROUP);
  assert(isNear(await colorOf(his, ".conversation-header .avatar"), BLUE));
}

async function unreadable(hers) {
  const field = hers.locator(".panel .picture-field");
  const choose = field.getByRole("button", { name: "Choose a picture" });
  await pick(hers, choose, asFile("broken.png", "image/png", Buffer.from("no picture")));
  await waitForText(hers, ".toast", "This file is no picture");
  await closePanel(hers);
}

async function attach(page, file) {
  await pick(page, page.locator(".main-pane").getByRole("button", { name: "Attach files" }), file);
  await page.locator(".main-pane .attachment").first().waitFor();
}

/** It is changed, emptied and written again; the picture stays. */
async function captions(hers, his) {
  await attach(hers, asFile("lake.png", "image/png", png(200, 100, BLUE)));
  const field = hers.locator(".main-pane .composer-field");
  await field.fill("A lake");
  await field.press("Enter");
  const hersOwn = () =>
    hers.locator(".main-pane .message").filter({ has: hers.locator(".image-preview") }).last();
  const text = () => his.locator(".main-pane .message .message-text").last().textContent();
  await until("the caption is there", async () => (await text()) === "A lake");
  await hersOwn().and(hers.locator(":not(.pending)")).waitFor();
  for (const caption of ["A lake in May", ""]) {
    await chooseOf(hers, hersOwn(), "Edit the caption");
    await field.fill(caption);
    await hers.locator(".main-pane .send").click();
    await until(`the caption is ${caption}`, async () => {
      const { messages } = await bob.get(`/v1/conversations/${group}/messages?limit=1`);
      assert.equal(messages[0].file.name, "lake.png");
      return (messages[0].body.text ?? "") === caption;
    });
  }
  await until("it has gone", async () => (await text()) === "Welcome to the album");
  await his.locator(".main-pane .image-preview img").waitFor();
}

async function sentLater(hers, his) {
  await attach(hers, asFile("later.png", "image/png", png(80, 80, GREEN)));
  await hers.locator(".main-pane .composer-field").fill("See you later");
  await hers.getByRole("button", { name: "Send later" }).click();
  await hers.locator("dialog").getByRole("button", { name: /An hour|In an hour/ }).click();
  await waitForText(hers, ".toast", "Show");
  await waitForCount(hers, ".attachment", 0);
  const { scheduled } = await ann.get("/v1/scheduled");
  assert.equal(scheduled.length, 1);
  assert.equal(scheduled[0].type, "image");
  assert.equal(scheduled[0].body.name, "later.png");
  // It is in use from now on, and nobody else sees it.
  const { file } = scheduled[0].body;
  await assert.rejects(ann.call("DELETE", `/v1/files/${file}`), /file_in_use/);
  await assert.rejects(bob.get(`/v1/files/${file}`), /404/);
  await hers.locator(".toast").getByRole("button", { name: /Show/ }).click();
  await hers.getByRole("button", { name: "Change: See you later" }).click();
  const dialog = hers.locator("dialog");
  await dialog.getByLabel("Caption").fill("See you soon");
  const soon = new Date(Date.now() + 5_000);
  const local = new Date(soon.getTime() - soon.getTimezoneOffset() * 60_000);
  await dialog.getByLabel("When").fill(local.toISOString().slice(0, 19));
  await dialog.getByRole("button", { name: "Save" }).click();
  await waitForText(his, ".main-pane .message .message-text", "See you soon");
  assert.equal((await bob.get(`/v1/files/${file}`)).name, "later.png");
  await closePanel(hers);
}

/** Notes the ranges that a page gets for its players. */
function watchRanges(page) {
  const ranges = [];
  page.on("response", async (response) => {
    const request = response.request();
    if (!new URL(request.url()).pathname.startsWith("/media/")) return;
    const { range = "" } = await request.allHeaders();
    const from = Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? Number.NaN);
    ranges.push({ status: response.status(), from });
  });
  return ranges;
}

/** It plays, seeks to a place that was not fetched, and goes on there. */
async function playsAndSeeks(page, { kind, name, size, seconds }) {
  const ranges = watchRanges(page);
  await page.getByRole("button", { name: `Play ${name}` }).click();
  const player = page.locator(`.player ${kind}`);
  await player.waitFor();
  const get = (property) => player.evaluate((element, key) => element[key], property);
  await until("its length is known", async () => Math.abs((await get("duration")) - seconds) < 1);
  await until("it plays", async () => (await get("currentTime")) > 0.2);
  assert.equal(await get("error"), null);
  const target = seconds * 0.9;
  assert(ranges.every(({ from }) => from < size * 0.8), JSON.stringify(ranges));
  await player.evaluate((element, time) => (element.currentTime = time), target);
  await until("it plays there", async () => (await get("currentTime")) > target + 0.2);
  await until("the place was fetched", () =>
    ranges.some(({ status, from }) => status === 206 && from > size * 0.8),
  );
  assert(ranges.every(({ status }) => status === 206), JSON.stringify(ranges));
  await player.evaluate((element) => element.pause());
}

async function sendFile(type, name, bytes) {
  const file = await ann.upload(name, bytes);
  await ann.send(group, "", { type, body: { file } });
}

async function video(_, his) {
  const [width, height, seconds] = [480, 270, 60];
  const frames = await vp8Frames(his, { width, height, count: 4 });
  const bytes = webm(frames, { width, height, seconds, framesPerSecond: 5 });
  assert(bytes.length > 20_000_000, `${bytes.length} bytes are fetched at once`);
  await sendFile("video", "noise.webm", bytes);
  await playsAndSeeks(his, { kind: "video", name: "noise.webm", size: bytes.length, seconds });
  const video = his.locator(".player video");
  const { videoWidth, videoHeight } = await video.evaluate(({ videoWidth, videoHeight }) => ({
    videoWidth,
    videoHeight,
  }));
  assert.deepEqual([videoWidth, videoHeight], [width, height]);
}

async function audio(_, his) {
  const seconds = 5_000;
  const bytes = wav(seconds);
  await sendFile("audio", "silence.wav", bytes);
  await playsAndSeeks(his, { kind: "audio", name: "silence.wav", size: bytes.length, seconds });
}
