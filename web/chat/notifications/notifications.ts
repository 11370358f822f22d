// Notifications on this device: asks the browser for permission and for a subscription, and tells
// the server where to push.
import type { Client } from "@tidings/client";
import { openConversation } from "../route.ts";
import { isOpenConversation } from "./worker_messages.ts";

/**
 * - `unsupported`: this browser has no push, or the page came without encryption.
 * - `denied`: the user has forbidden notifications of this place in the browser.
 */
export type NotificationState = "unsupported" | "denied" | "off" | "on";

/** What the user has chosen here; it holds for one user of this browser. */
interface Choice {
  user: string;
  /** Whether notifications show the text of messages. */
  preview: boolean;
}

const WORKER = "/service-worker.js";
const KEY = "tidings.notifications";

export function isSupported(): boolean {
  return (
    isSecureContext &&
    "serviceWorker" in navigator &&
    "PushManager" in window &&
    "Notification" in window
  );
}

export function notificationState(user: string): NotificationState {
  if (!isSupported()) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return readChoice(user) !== null && Notification.permission === "granted" ? "on" : "off";
}

export function showsPreview(user: string): boolean {
  return readChoice(user)?.preview ?? true;
}

/** Asks for permission; false if the user does not give it. */
export async function switchOn(client: Client, user: string, preview: boolean): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  await register(client, preview);
  localStorage.setItem(KEY, JSON.stringify({ user, preview } satisfies Choice));
  return true;
}

export async function switchOff(client: Client): Promise<void> {
  localStorage.removeItem(KEY);
  await client.push.drop();
  await unsubscribe();
}

/** At each start: the browser may have renewed its subscription, or the server lost it. */
export async function renew(client: Client, user: string): Promise<void> {
  const choice = readChoice(user);
  if (choice === null || notificationState(user) !== "on") return;
  await register(client, choice.preview);
}

/** A user who signs out gets no more pushes, also if the server cannot be reached. */
export async function forgetNotifications(user: string): Promise<void> {
  if (readChoice(user) === null) return;
  localStorage.removeItem(KEY);
  await unsubscribe();
}

/**
 * A user whose sign-in has expired gets no more pushes either. What they have chosen stays: once
 * they sign in again, `renew` subscribes again.
 */
export async function pauseNotifications(user: string): Promise<void> {
  if (readChoice(user) !== null) await unsubscribe();
}

/** Opens what a notification is about, and keeps the badge and notifications as the inbox is. */
export function watchNotifications(client: Client, user: string): () => void {
  if (!isSupported()) return () => {};
  const onMessage = ({ data }: MessageEvent) => {
    if (isOpenConversation(data)) openConversation(data.conversation);
  };
  navigator.serviceWorker.addEventListener("message", onMessage);
  const stop = client.subscribe(
    (state) => state.inbox.totalUnread,
    (total) => {
      if (notificationState(user) === "on") void showUnread(client, total).catch(() => {});
    },
  );
  return () => {
    navigator.serviceWorker.removeEventListener("message", onMessage);
    stop();
  };
}

/**
 * Shows a notification of this page, if the user has them here. It replaces the one with the same
 * tag, and sounds all the same. Those of messages have their conversation as a tag.
 */
export async function notify(
  user: string,
  title: string,
  tag: string,
  conversation: string | null,
): Promise<void> {
  if (notificationState(user) !== "on") return;
  const registration = await navigator.serviceWorker.getRegistration();
  const data = { conversation_id: conversation };
  const options = { tag, icon: "/icon.svg", data, renotify: true };
  await registration?.showNotification(title, options);
}

/** Closes a notification of this page that is out of date. */
export async function withdraw(user: string, tag: string): Promise<void> {
  if (notificationState(user) !== "on") return;
  const registration = await navigator.serviceWorker.getRegistration();
  for (const shown of (await registration?.getNotifications({ tag })) ?? []) shown.close();
}

async function register(client: Client, preview: boolean): Promise<void> {
  const applicationServerKey = await client.push.webPushKey();
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await subscribe(pushManager, applicationServerKey);
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh = "", auth = "" } = keys ?? {};
  await client.push.register({
    provider: "webpush",
    preview,
    subscription: { endpoint: endpoint ?? "", keys: { p256dh, auth } },
  });
}

/** A subscription that was made with another key of the server is of no use. */
async function subscribe(manager: PushManager, key: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    const old = await manager.getSubscription();
    if (old === null) throw error;
    await old.unsubscribe();
    return await manager.subscribe(options);
  }
}

async function unsubscribe(): Promise<void> {
  if (!isSupported()) return;
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  await subscription?.unsubscribe();
  await registration?.unregister();
  await navigator.clearAppBadge?.();
}

/** What has been read here needs no notification any more. */
async function showUnread(client: Client, total: number): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  for (const shown of (await registration?.getNotifications()) ?? []) {
    if (client.state.conversations.get(shown.tag)?.unread === 0) shown.close();
  }
  await (total > 0 ? navigator.setAppBadge?.(total) : navigator.clearAppBadge?.());
}

function readChoice(user: string): Choice | null {
  try {
    const choice = JSON.parse(localStorage.getItem(KEY) ?? "null") as Choice | null;
    return choice?.user === user ? choice : null;
  } catch {
    return null;
  }
}
