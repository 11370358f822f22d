// Notifications of this device, from one sign-in to the next.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Client } from "@tidings/client";

/** What the browser has: the choices of its users, and the subscription, if there is one. */
const browser = { stored: new Map<string, string>(), subscriptions: 0, isSubscribed: false };

const subscription = {
  toJSON: () => ({
    endpoint: `https://push.example.net/send/${browser.subscriptions}`,
    keys: { p256dh: "key", auth: "secret" },
  }),
  unsubscribe: async () => {
    browser.isSubscribed = false;
    return true;
  },
};
const pushManager = {
  subscribe: async () => {
    if (!browser.isSubscribed) browser.subscriptions += 1;
    browser.isSubscribed = true;
    return subscription;
  },
  getSubscription: async () => (browser.isSubscribed ? subscription : null),
};
/** What is shown, by tag: a notification replaces the one with the same tag. */
const shown = new Map<string, { title: string; conversation: string | null }>();
const registration = {
  pushManager,
  unregister: async () => true,
  showNotification: async (title: string, { tag = "", data }: NotificationOptions) => {
    shown.set(tag, { title, conversation: data.conversation_id });
  },
  getNotifications: async ({ tag }: { tag: string }) =>
    shown.has(tag) ? [{ close: () => shown.delete(tag) }] : [],
};
const serviceWorker = {
  register: async () => registration,
  ready: Promise.resolve(registration),
  getRegistration: async () => registration,
};
const Notification = { permission: "granted", requestPermission: async () => "granted" };
const localStorage = {
  getItem: (key: string) => browser.stored.get(key) ?? null,
  setItem: (key: string, value: string) => void browser.stored.set(key, value),
  removeItem: (key: string) => void browser.stored.delete(key),
};
for (const [name, value] of Object.entries({
  ...{ localStorage, Notification, isSecureContext: true },
  ...{ navigator: { serviceWorker }, window: { Notification, PushManager: {} } },
})) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
const {
  forgetNotifications,
  notificationState,
  notify,
  pauseNotifications,
  renew,
  switchOn,
  withdraw,
} = await import("../../chat/notifications/notifications.ts");

/** A client that notes which endpoint the server knows. */
function fakeClient(registered: { endpoint?: string; preview?: boolean }): Client {
  const push = {
    webPushKey: async () => "server key",
    register: async (request: { subscription: { endpoint: string }; preview: boolean }) => {
      registered.endpoint = request.subscription.endpoint;
      registered.preview = request.preview;
    },
  };
  return { push } as unknown as Client;
}

beforeEach(() => {
  browser.stored.clear();
  shown.clear();
  Object.assign(browser, { subscriptions: 0, isSubscribed: false });
});

test("a renewed sign-in restores what the user had chosen", async () => {
  const server: { endpoint?: string; preview?: boolean } = {};
  assert.equal(await switchOn(fakeClient(server), "ann", false), true);
  const before = server.endpoint;
  await pauseNotifications("ann");
  assert.equal(browser.isSubscribed, false, "nothing is shown while no user is signed in");

  await renew(fakeClient(server), "ann");
  assert.equal(browser.isSubscribed, true);
  assert.notEqual(server.endpoint, before, "the server knows the new subscription");
  assert.equal(server.preview, false);
  assert.equal(notificationState("ann"), "on");
});

test("another user who signs in gets none of it, and does not end it", async () => {
  const server = {};
  await switchOn(fakeClient(server), "ann", true);
  await pauseNotifications("ann");
  const bobs: { endpoint?: string } = {};
  await renew(fakeClient(bobs), "bob");
  assert.deepEqual([bobs.endpoint, browser.isSubscribed], [undefined, false]);
  assert.equal(notificationState("bob"), "off");
  await forgetNotifications("bob");
  assert.equal(notificationState("ann"), "on");
});

test("a user who signs out has nothing to restore", async () => {
  const server: { endpoint?: string } = {};
  await switchOn(fakeClient(server), "ann", true);
  await forgetNotifications("ann");
  server.endpoint = undefined;
  await renew(fakeClient(server), "ann");
  assert.deepEqual([server.endpoint, browser.isSubscribed], [undefined, false]);
  assert.equal(notificationState("ann"), "off");
});

test("what a page shows stands beside the messages of a conversation, until it is withdrawn", async () => {
  const message = { title: "Noodles?", conversation: "lunch" };
  shown.set("lunch", message);
  await notify("ann", "Ben has no reply yet.", "reminder lunch", "lunch");
  assert.deepEqual([...shown.values()], [message], "notifications are off");
  await switchOn(fakeClient({}), "ann", true);
  for (const title of ["Ben has no reply yet.", "Ben still has none."]) {
    await notify("ann", title, "reminder lunch", "lunch");
  }
  const reminder = { title: "Ben still has none.", conversation: "lunch" };
  assert.deepEqual([...shown.values()], [message, reminder]);
  await withdraw("ann", "reminder lunch");
  assert.deepEqual([...shown.values()], [message]);
});
