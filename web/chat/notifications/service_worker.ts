// Shows pushes while no page of the chat is open, and gives players the bytes of files. It keeps
// nothing, and all other requests of pages go to the network as without it.
import { answerMedia, type MediaEvent, type MediaPage } from "../files/media_worker.ts";
import type { OpenConversationMessage } from "./worker_messages.ts";

/** What a push says; docs/push.md describes it. Quiet ones have no title. */
interface PushedNotice {
  badge?: number;
  title?: string;
  body?: string;
  conversation_id?: string;
  seq?: number;
}

/** What of a service worker is used here; the types of pages and of workers exclude each other. */
interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly location: Location;
  readonly navigator: Navigator;
  readonly clients: {
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<WindowClient[]>;
    openWindow(url: string): Promise<unknown>;
    get(id: string): Promise<MediaPage | undefined>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install", listener: () => void): void;
  addEventListener(name: "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(name: "fetch", listener: (event: MediaEvent) => void): void;
  addEventListener(name: "push", listener: (event: PushEvent) => void): void;
  addEventListener(name: "notificationclick", listener: (event: ClickEvent) => void): void;
}

interface WindowClient {
  readonly url: string;
  focus(): Promise<unknown>;
  postMessage(message: OpenConversationMessage): void;
}

interface ExtendableEvent {
  waitUntil(done: Promise<unknown>): void;
}

interface PushEvent extends ExtendableEvent {
  readonly data: { json(): unknown } | null;
}

interface ClickEvent extends ExtendableEvent {
  readonly notification: Notification;
}

const worker = self as unknown as Worker;

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) =>
  answerMedia(event, worker.location.origin, (id) => worker.clients.get(id)),
);
worker.addEventListener("push", (event) => event.waitUntil(show(readNotice(event.data))));
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { conversation_id = null } = (event.notification.data ?? {}) as PushedNotice;
  event.waitUntil(open(conversation_id));
});

function readNotice(data: PushEvent["data"]): PushedNotice {
  try {
    const notice: unknown = data?.json();
    return typeof notice === "object" && notice !== null ? notice : {};
  } catch {
    // A push without content, as some push services send for a test.
    return {};
  }
}

async function show(notice: PushedNotice): Promise<void> {
  const { badge, title, body = "", conversation_id = "" } = notice;
  if (badge !== undefined) await showBadge(badge);
  // A browser demands that each push shows something, also in quiet hours.
  const isQuiet = title === undefined;
  await worker.registration.showNotification(title ?? newMessages(), {
    body,
    tag: conversation_id,
    icon: "/icon.svg",
    silent: isQuiet,
    data: notice,
    // Newer messages of a conversation sound too, though they replace the older notification.
    ...({ renotify: !isQuiet && conversation_id !== "" } as object),
  });
}

async function showBadge(count: number): Promise<void> {
  // Not every browser has badges, and some refuse them to pages that are not installed.
  await worker.navigator.setAppBadge?.(count).catch(() => {});
}

function newMessages(): string {
  return /^zh\b/i.test(worker.navigator.language) ? "有新消息" : "New messages";
}

/** In a window of the chat that is open, or else in a new one. */
async function open(conversation: string | null): Promise<void> {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const chat = windows.find(({ url }) => new URL(url).pathname === "/");
  if (chat === undefined) {
    const place = conversation === null ? "" : `c/${encodeURIComponent(conversation)}`;
    await worker.clients.openWindow(`/#/${place}`);
    return;
  }
  if (conversation !== null) chat.postMessage({ type: "open_conversation", conversation });
  await chat.focus();
}
