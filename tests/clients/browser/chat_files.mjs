// Two people in two windows send each other files: by picker, by dropping and by pasting.
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAxeFaults } from "./axe.mjs";
import { signUp } from "./api.mjs";
import {
  assert,
  chooseOf,
  openConversation,
  sendText,
  until,
  waitForCount,
  waitForText,
} from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";
import { asFile, png, wav } from "./media.mjs";

const { TIDINGS_URL, CHAT_URL, ARTEFACTS } = process.env;
const GROUP = "Pictures";
const GREEN = [30, 160, 60];
/** More than the server takes, as it is configured. */
const TOO_LARGE = 100 * 1024 * 1024 + 1;

const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(TIDINGS_URL, "bob", "Bob Okafor");
const group = `pictures-${Date.now()}`;
await ann.createGroup(group, GROUP, [bob.user]);

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
  const steps = {
    byPicker,
    viewer,
    byDropping,
    byPasting,
    severalWithText,
    savedAgain,
    players,
    littleRoom,
    recalled,
    interrupted,
    cancelled,
    tooLarge,
    inThreads,
  };
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step(hers, his);
    } catch (error) {
      await hers.screenshot({ path: `${ARTEFACTS}/failed-files-${name}-1.png` });
      await his.screenshot({ path: `${ARTEFACTS}/failed-files-${name}-2.png` });
      throw new Error(`${name}: ${error.stack}`);
    }
    shown.push(name);
  }
  faults.check();
  console.log(`two windows showed ${shown.length} things that people do with files`);
} finally {
  await browser.close();
}

/** Chooses files as the picker of the system does. */
async function choose(page, files, pane = ".main-pane") {
  const chooser = page.waitForEvent("filechooser");
  await page.locator(pane).getByRole("button", { name: "Attach files" }).click();
  await (await chooser).setFiles(files);
  await page.locator(`${pane} .attachment`).first().waitFor();
}

function send(page, pane = ".main-pane") {
  return page.locator(`${pane} .send`).click();
}

/** The image of a name has arrived, and its pixels are there. */
async function imageOf(page, alt) {
  const image = page.locator(".main-pane .image-preview img").and(page.getByAltText(alt)).last();
  await image.waitFor();
  await until("the image is decoded", () =>
    image.evaluate((element) => element.complete && element.naturalWidth > 0),
  );
  return image;
}

async function checkAxe(page, selector) {
  assert.deepEqual(await findAxeFaults(page, selector), []);
}

async function byPicker(hers, his) {
  await choose(hers, asFile("meadow.png", "image/png", png(600, 400, GREEN)));
  await hers.getByLabel("Description of meadow.png for people").fill("A green meadow");
  await checkAxe(hers, ".main-pane");
  await send(hers);
  await waitForCount(hers, ".attachment", 0);
  const image = await imageOf(his, "A green meadow");
  await imageOf(hers, "A green meadow");
  // It is as large before it has arrived as afterwards, so nothing jumps.
  const { width, height } = await image.evaluate((element) => element.getBoundingClientRect());
  assert(Math.abs(width / height - 1.5) < 0.05, `${width} x ${height}`);
  const [message] = (await bob.get(`/v1/conversations/${group}/messages?limit=1`)).messages;
  assert.equal(message.type, "image");
  assert.equal(message.file.name, "meadow.png");
  assert.equal(message.body.alt, "A green meadow");
}

/** By the keyboard alone; the focus returns to the image. */
async function viewer(hers, his) {
  await choose(hers, asFile("tall.png", "image/png", png(300, 900, [200, 60, 60])));
  await send(hers);
  await imageOf(his, "tall.png");
  const first = his.getByRole("button", { name: "Show A green meadow" });
  await first.focus();
  await his.keyboard.press("Enter");
  const large = his.locator("dialog.viewer .viewer-image");
  await his.locator("dialog.viewer").getByAltText("A green meadow").waitFor();
  await checkAxe(his, "dialog.viewer");
  await his.screenshot({ path: `${ARTEFACTS}/files-viewer.png` });
  await his.keyboard.press("ArrowLeft");
  await waitForText(his, ".viewer-caption", "1 of 2");
  await his.keyboard.press("ArrowRight");
  await his.locator("dialog.viewer").getByAltText("tall.png").waitFor();
  await waitForText(his, ".viewer-caption", "2 of 2");
  const { height } = await large.evaluate((element) => element.getBoundingClientRect());
  assert(height <= (await his.evaluate(() => innerHeight)), "it fits the window");
  await his.keyboard.press("Home");
  await waitForText(his, ".viewer-caption", "1 of 2");
  await his.keyboard.press("Escape");
  await waitForCount(his, "dialog", 0);
  const focused = () => document.activeElement?.getAttribute("aria-label");
  await until(
    "the focus is where it was",
    async () => (await his.evaluate(focused)) === "Show A green meadow",
  );
}

/** A transfer of the page with files of given contents. */
function transferOf(page, files) {
  return page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, base64 } of files) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: mimeType }));
    }
    return transfer;
  }, files.map(({ buffer, ...file }) => ({ ...file, base64: buffer.toString("base64") })));
}

async function byDropping(hers, his) {
  const dataTransfer = await transferOf(hers, [
    asFile("dropped.png", "image/png", png(200, 200, [20, 90, 200])),
  ]);
  const pane = hers.locator(".main-pane .timeline");
  await pane.dispatchEvent("dragenter", { dataTransfer });
  await pane.dispatchEvent("dragover", { dataTransfer });
  await waitForText(hers, ".drop-target", "Drop files to attach them");
  await pane.dispatchEvent("drop", { dataTransfer });
  await waitForCount(hers, ".drop-target", 0);
  await waitForText(hers, ".attachment", "dropped.png");
  await send(hers);
  await imageOf(his, "dropped.png");
  // Beside the conversation nothing happens; above all, the page stays.
  const row = hers.locator(".sidebar");
  await row.dispatchEvent("dragover", { dataTransfer });
  await row.dispatchEvent("drop", { dataTransfer });
  await waitForCount(hers, ".attachment", 0);
}

/** With the keys, from the clipboard of the browser. */
async function byPasting(hers, his) {
  await hers.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const base64 = png(120, 80, [240, 200, 40]).toString("base64");
  await hers.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const blob = new Blob([bytes], { type: "image/png" });
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  }, base64);
  await hers.locator(".main-pane .composer-field").focus();
  await hers.keyboard.press("ControlOrMeta+v");
  await waitForText(hers, ".attachment", "image.png");
  await hers.keyboard.press("Enter");
  await imageOf(his, "image.png");
  // Text is pasted as text.
  await hers.evaluate(() => navigator.clipboard.writeText("only words"));
  await hers.keyboard.press("ControlOrMeta+v");
  const field = hers.locator(".main-pane .composer-field");
  await until("the words are there", async () => (await field.inputValue()) === "only words");
  await waitForCount(hers, ".attachment", 0);
  await field.fill("");
}

/** Some are removed again; the text is the caption of the first, and the order is kept. */
async function severalWithText(hers, his) {
  await choose(hers, [
    asFile("one.txt", "text/plain", Buffer.from("first")),
    asFile("wrong.txt", "text/plain", Buffer.from("wrong")),
    asFile("two.txt", "text/plain", Buffer.from("second")),
  ]);
  await hers.getByRole("button", { name: "Remove wrong.txt" }).click();
  await waitForCount(hers, ".attachment", 2);
  const field = hers.locator(".main-pane .composer-field");
  await field.fill(`Two lists for @${bob.user}, please`);
  await field.press("Enter");
  await waitForText(his, ".message .file-row.save", "two.txt");
  const { messages } = await bob.get(`/v1/conversations/${group}/messages?limit=2`);
  const [first, second] = messages.toSorted((one, other) => one.seq - other.seq);
  assert.deepEqual([first.file.name, second.file.name], ["one.txt", "two.txt"]);
  assert.match(first.body.text, /^Two lists/);
  assert.deepEqual(first.mentions, [bob.user]);
  assert.equal(second.body.text, undefined);
  await waitForText(his, ".message .message-text", "Two lists for @Bob Okafor");
}

async function savedAgain(_, his) {
  const saved = his.waitForEvent("download");
  await his.locator(".message .file-row.save").filter({ hasText: "one.txt" }).click();
  const download = await saved;
  assert.equal(download.suggestedFilename(), "one.txt");
  assert.equal(await readFile(await download.path(), "utf8"), "first");
}

async function players(hers, his) {
  await choose(hers, asFile("silence.wav", "audio/wav", wav(1)));
  await send(hers);
  const play = his.getByRole("button", { name: "Play silence.wav" });
  await play.click();
  const audio = his.locator(".player audio");
  await audio.waitFor();
  await until("the audio is decoded", () =>
    audio.evaluate((element) => element.readyState > 0 && element.duration === 1),
  );
  await checkAxe(his, ".main-pane");
}

/** At a width of 320 pixels nothing is cut off. */
async function littleRoom(hers) {
  const before = hers.viewportSize();
  await hers.setViewportSize({ width: 320, height: 568 });
  await choose(hers, asFile("wide.png", "image/png", png(900, 300, [80, 80, 200])));
  await send(hers);
  await imageOf(hers, "wide.png");
  const widest = await hers.evaluate(() => {
    const ends = [...document.querySelectorAll(".main-pane .bubble, .main-pane .bubble *")].map(
      (element) => element.getBoundingClientRect().right,
    );
    return Math.max(...ends);
  });
  assert(widest <= 320, `something ends at ${widest}`);
  await hers.screenshot({ path: `${ARTEFACTS}/files-narrow.png` });
  await hers.setViewportSize(before);
}

/** It disappears for the other at once, also where it is shown large. */
async function recalled(hers, his) {
  const image = his.getByRole("button", { name: "Show dropped.png" });
  await image.click();
  await his.locator("dialog.viewer").getByAltText("dropped.png").waitFor();
  const { messages } = await bob.get(`/v1/conversations/${group}/messages?limit=50`);
  const { file } = messages.find((message) => message.file?.name === "dropped.png");
  const message = hers.locator(".main-pane .message").filter({
    has: hers.getByRole("button", { name: "Show dropped.png" }),
  });
  await chooseOf(hers, message, "Recall for everyone");
  await hers.locator("dialog .button.danger").click();
  await waitForCount(his, "dialog", 0);
  await waitForText(his, ".toast", "no longer available");
  await image.waitFor({ state: "detached" });
  await assert.rejects(bob.get(`/v1/files/${file.id}`), /404/);
}

/** The network is lost in the middle, and then the page; the rest is sent afterwards. */
async function interrupted(hers, his) {
  faults.expected.push(/Failed to load resource: net::ERR_/);
  const content = "**/v1/files/*/content";
  const ranges = [];
  let left = 2;
  await hers.route(content, (route) => {
    if (route.request().method() !== "PUT") return route.continue();
    const range = route.request().headers()["content-range"];
    if (/^bytes \d/.test(range) && (left -= 1) < 0) return route.abort("connectionreset");
    ranges.push(range);
    return route.continue();
  });
  const bytes = Buffer.alloc(3 * 1024 * 1024, "long ");
  await choose(hers, asFile("long.txt", "text/plain", bytes));
  await send(hers);
  const pending = hers.locator(".message.pending").filter({ hasText: "long.txt" });
  await pending.getByRole("progressbar", { name: "Uploading long.txt" }).waitFor();
  await until("some of it has arrived", async () => {
    const value = await pending.locator("progress").evaluate((element) => element.value);
    return value > 0 && value < bytes.length;
  });
  await checkAxe(hers, ".main-pane");
  // Texts do not wait for it.
  await sendText(hers, "meanwhile");
  await waitForText(his, ".main-pane .message", "meanwhile");
  ranges.length = 0;
  await hers.reload();
  await pending.getByRole("progressbar").waitFor();
  await until("it asks how far the server has got", () => ranges.length > 0);
  left = Number.POSITIVE_INFINITY;
  // As the browser says when the network is back.
  await hers.evaluate(() => dispatchEvent(new Event("online")));
  await waitForText(his, ".message .file-row.save", "long.txt");
  assert.match(ranges[0], /^bytes \*/);
  assert(ranges.some((range) => /^bytes [1-9]/.test(range)), `${ranges}`);
  assert(!ranges.some((range) => range.startsWith("bytes 0-")), `${ranges}`);
  await hers.unroute(content);
  await waitForText(hers, ".message:not(.pending) .file-row.save", "long.txt");
  const saved = his.waitForEvent("download");
  await his.locator(".message .file-row.save").filter({ hasText: "long.txt" }).click();
  assert(bytes.equals(await readFile(await (await saved).path())), "all bytes, in order");
}

async function cancelled(hers, his) {
  await hers.route("**/v1/files", (route) => route.abort("connectionreset"));
  await choose(hers, asFile("secret.txt", "text/plain", Buffer.from("never mind")));
  await send(hers);
  await hers.getByRole("button", { name: "Cancel secret.txt" }).click();
  await waitForCount(hers, ".message.pending", 0);
  await hers.unroute("**/v1/files");
  await hers.reload();
  await sendText(hers, "after the reload");
  await waitForText(his, ".main-pane .message", "after the reload");
  assert.equal(await his.locator(".message").filter({ hasText: "secret.txt" }).count(), 0);
}

/** The reason is there, it can be tried again, and it can be given up. */
async function tooLarge(hers) {
  faults.expected.push(/status of 413/);
  const directory = await mkdtemp(join(tmpdir(), "tidings-file-"));
  try {
    const path = join(directory, "film.bin");
    const file = await open(path, "w");
    await file.truncate(TOO_LARGE);
    await file.close();
    await choose(hers, path);
    await send(hers);
    const failed = hers.locator(".message.failed").filter({ hasText: "film.bin" });
    await failed.locator(".failure").filter({ hasText: "at most 100 MB are allowed" }).waitFor();
    await checkAxe(hers, ".main-pane");
    await failed.getByRole("button", { name: "Try again" }).click();
    await failed.locator(".failure").filter({ hasText: "at most 100 MB are allowed" }).waitFor();
    await failed.getByRole("button", { name: "Discard" }).click();
    await waitForCount(hers, ".message.failed", 0);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The viewer of a thread shows the images of the thread. */
async function inThreads(hers, his) {
  const root = hers.locator(".main-pane .message").filter({ hasText: "meanwhile" }).last();
  await root.hover();
  await root.getByRole("button", { name: "Reply in thread" }).click();
  await hers.locator(".side-pane .composer-field").waitFor();
  const image = asFile("reply.png", "image/png", png(90, 90, [90, 20, 90]));
  await choose(hers, image, ".side-pane");
  await send(hers, ".side-pane");
  await hers.locator(".side-pane").getByRole("button", { name: "Show reply.png" }).click();
  await hers.locator("dialog.viewer").getByAltText("reply.png").waitFor();
  assert.equal(await hers.locator(".viewer-caption").getByText(/^\d+ of \d+$/).count(), 0);
  await hers.keyboard.press("Escape");
  const summary = his.locator(".message").filter({ hasText: "meanwhile" });
  await summary.locator(".thread-summary").waitFor();
}
