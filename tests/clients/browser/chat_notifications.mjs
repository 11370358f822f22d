// The setting for notifications, and the service worker that shows what is pushed.
//
// Chromium without a window has neither a push service nor notifications. So the permission, the
// subscription and the place where notifications are shown are stand-ins of the test. The worker
// and its registration, the calls of the server and the pushes, which the debugger of the browser
// delivers, are real.
import { createECDH, randomBytes } from "node:crypto";
import { signUp } from "./api.mjs";
import { findAxeFaults } from "./axe.mjs";
import { assert, until, waitForText } from "./checks.mjs";
import { Faults, launch, openWindow } from "./chromium.mjs";

const { TIDINGS_URL, CHAT_URL, ARTEFACTS } = process.env;
const SWITCH = "Notifications on this device";

const ann = await signUp(TIDINGS_URL, "ann", "Ann Carter");
const bob = await signUp(TIDINGS_URL, "bob", "Bob Okafor");
const group = `news-${Date.now()}`;
await ann.createGroup(group, "News", [bob.user]);

const browser = await launch();
const faults = new Faults(CHAT_URL);
try {
  for (const check of [unsupported, onAndOff, expired, signedOut]) {
    try {
      await check();
    } catch (error) {
      throw new Error(`${check.name}: ${error.stack}`);
    }
  }
  faults.check();
  console.log(
    "notifications are switched on and off, shown, opened, restored, and end with the sign-out",
  );
} finally {
  await browser.close();
}

async function openSettings(page) {
  await page.goto(`${CHAT_URL}/#/?panel=settings`);
  const field = page.getByRole("switch", { name: SWITCH });
  await field.waitFor();
  return field;
}

async function unsupported() {
  const page = await openWindow(browser, "about:blank", ann, faults);
  await page.addInitScript(() => delete window.PushManager);
  const field = await openSettings(page);
  assert(await field.isDisabled());
  await waitForText(page, ".panel-switch small", "This browser cannot show notifications");
  await page.context().close();
}

async function openWithPushService() {
  const page = await openWindow(browser, "about:blank", ann, faults);
  await page.context().grantPermissions(["notifications"], { origin: CHAT_URL });
  const p256dh = createECDH("prime256v1").generateKeys("base64url");
  const auth = randomBytes(16).toString("base64url");
  const endpoint = `https://push.example.net/send/${randomBytes(8).toString("hex")}`;
  await page.addInitScript((subscription) => {
    const stored = () => localStorage.getItem("test.subscription");
    const permission = () => localStorage.getItem("test.permission") ?? "default";
    Object.defineProperty(Notification, "permission", { get: permission });
    Notification.requestPermission = async () => {
      localStorage.setItem("test.permission", "granted");
      return "granted";
    };
    const fake = {
      toJSON: () => subscription,
      unsubscribe: async () => {
        localStorage.removeItem("test.subscription");
        return true;
      },
    };
    ServiceWorkerRegistration.prototype.getNotifications = async () => [];
    PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
      if (!userVisibleOnly || !/^[\w-]{87}$/.test(applicationServerKey)) throw new TypeError();
      localStorage.setItem("test.subscription", "yes");
      return fake;
    };
    PushManager.prototype.getSubscription = async () => (stored() === null ? null : fake);
  }, { endpoint, keys: { p256dh, auth } });
  return page;
}

async function pushOf(user) {
  const { devices } = await user.get("/v1/devices");
  return devices.find((device) => device.push !== null)?.push ?? null;
}

async function onAndOff() {
  const page = await openWithPushService();
  const worker = await watchWorker(page);
  const field = await openSettings(page);
  await field.click();
  await waitForText(page, ".toast", "Notifications are on");
  await until("the server knows the device", async () => (await pushOf(ann))?.preview === true);
  assert.deepEqual(await findAxeFaults(page, ".shell"), []);
  await page.screenshot({ path: `${ARTEFACTS}/notifications.png` });
  await page.getByRole("switch", { name: "Show the text of messages" }).click();
  await until("without text", async () => (await pushOf(ann))?.preview === false);

  await shows(page, worker);
  await opens(page);

  // It is still on after a reload, and the server hears of it again.
  const registered = page.waitForRequest((request) => /\/push$/.test(request.url()));
  await page.reload();
  assert.equal((await registered).method(), "PUT");
  await field.waitFor();
  assert(await field.isChecked());
  await field.click();
  await waitForText(page, ".toast", "Notifications are off");
  assert.equal(await pushOf(ann), null);
  assert.equal(await page.evaluate(() => localStorage.getItem("test.subscription")), null);
  await page.context().close();
}

/** What the debugger knows of the service worker of a page. */
async function watchWorker(page) {
  const session = await page.context().newCDPSession(page);
  const found = { session, registrationId: null, isActivated: false };
  session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
    for (const { registrationId, status } of versions) {
      if (status === "activated") Object.assign(found, { registrationId, isActivated: true });
    }
  });
  await session.send("ServiceWorker.enable");
  return found;
}

async function shows(page, worker) {
  await until("the worker is active", () => worker.isActivated);
  const { session, registrationId } = worker;
  const origin = new URL(CHAT_URL).origin;
  const push = (data) =>
    session.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data });
  const [running] = page.context().serviceWorkers();
  await running.evaluate(() => {
    self.notices = new Map();
    self.badges = [];
    self.registration.showNotification = async (title, { body, tag, silent }) => {
      self.notices.set(tag, { title, body, tag, silent });
    };
    self.navigator.setAppBadge = async (count) => void self.badges.push(count);
  });
  const notices = () => running.evaluate(() => [...self.notices.values()]);
  const notice = { badge: 2, title: "News", body: "Bread is here", conversation_id: group };
  await push(JSON.stringify({ ...notice, position: 5, seq: 1, sender: bob.user }));
  const first = { title: "News", body: "Bread is here", tag: group, silent: false };
  await until("it is shown", async () => (await notices()).length === 1);
  assert.deepEqual(await notices(), [first]);
  // A newer one of the conversation replaces it; in quiet hours it makes no sound.
  await push(JSON.stringify({ badge: 3, conversation_id: group }));
  const quiet = { title: "New messages", body: "", tag: group, silent: true };
  await until("it is replaced", async () => (await notices())[0]?.title === quiet.title);
  assert.deepEqual(await notices(), [quiet]);
  assert.deepEqual(await running.evaluate(() => self.badges), [2, 3]);
  // A push without content must show something too.
  await push("");
  await until("a test of the push service is shown", async () => (await notices()).length === 2);
}

/** A click on a notification opens its conversation in the window that is there. */
async function opens(page) {
  const [worker] = page.context().serviceWorkers();
  await worker.evaluate((conversation_id) => {
    const event = new Event("notificationclick");
    event.notification = { data: { conversation_id }, close: () => {} };
    // Without a click of a person, the browser lets no worker take the focus.
    event.waitUntil = (done) => done.catch(() => {});
    self.dispatchEvent(event);
  }, group);
  await page.locator(".conversation-header h2").filter({ hasText: "News" }).waitFor();
  await openSettings(page);
}

/** A sign-in that expires ends the pushes, and the next one of the same user restores them. */
async function expired() {
  const page = await openWithPushService();
  const field = await openSettings(page);
  await field.click();
  await until("the server knows the device", async () => (await pushOf(ann)) !== null);
  const subscribed = () => page.evaluate(() => localStorage.getItem("test.subscription"));
  const past = { sub: ann.user, exp: 1 };
  const claims = Buffer.from(JSON.stringify(past)).toString("base64url");
  await page.evaluate((token) => localStorage.setItem("tidings.account", token), `e30.${claims}.x`);
  await page.reload();
  await page.getByRole("heading", { name: "Welcome to Tidings" }).waitFor();
  assert.equal(await subscribed(), null);
  // Signed in again, as the sign-in page leaves it.
  await page.evaluate((token) => localStorage.setItem("tidings.account", token), ann.token);
  const registered = page.waitForRequest((request) => /\/push$/.test(request.url()));
  await page.reload();
  assert.equal((await registered).method(), "PUT");
  await until("it is subscribed again", async () => (await subscribed()) === "yes");
  assert(await (await openSettings(page)).isChecked());
  await page.getByRole("switch", { name: SWITCH }).click();
  await waitForText(page, ".toast", "Notifications are off");
  await page.context().close();
}

async function signedOut() {
  const page = await openWithPushService();
  const field = await openSettings(page);
  await field.click();
  await until("the server knows the device", async () => (await pushOf(ann)) !== null);
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.locator("dialog .button").filter({ hasText: "Sign out" }).click();
  await page.getByRole("heading", { name: "Welcome to Tidings" }).waitFor();
  await until("the server has dropped it", async () => (await pushOf(ann)) === null);
  assert.equal(await page.evaluate(() => localStorage.getItem("test.subscription")), null);
  await page.context().close();
}
