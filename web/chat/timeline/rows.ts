// The rows of a timeline: messages with day lines and the line above what is unread.
import type { HeldMessage, SendItem, StoredMessage } from "@tidings/client";
import { dayOf } from "../time.ts";

export type Row =
  | { kind: "day"; key: string; day: string }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: StoredMessage; first: boolean }
  | { kind: "pending"; key: string; item: SendItem; first: boolean }
  | { kind: "held"; key: string; held: HeldMessage };

export interface RowSources {
  messages: readonly StoredMessage[];
  pending: readonly SendItem[];
  held: readonly HeldMessage[];
  me: string;
  /** The read mark when the conversation was opened: what comes later was unread then. */
  unreadAfter: number | null;
}

// Messages of one sender that follow each other closely share the name and picture.
const SAME_BREATH_MS = 5 * 60_000;

export function makeRows({ messages, pending, held, me, unreadAfter }: RowSources): Row[] {
  const rows: Row[] = [];
  const known = new Set<string>();
  let [day, sender, time] = ["", "", 0];
  let lineDrawn = unreadAfter === null;
  for (const message of messages) {
    const sentAt = Date.parse(message.sent_at);
    const today = dayOf(new Date(sentAt));
    if (message.client_message_id !== null) known.add(message.client_message_id);
    if (today !== day) {
      rows.push({ kind: "day", key: `day ${today}`, day: today });
      sender = "";
    }
    if (!lineDrawn && message.seq > unreadAfter! && message.sender !== me) {
      rows.push({ kind: "unread", key: "unread" });
      lineDrawn = true;
      sender = "";
    }
    const first = message.sender !== sender || sentAt - time > SAME_BREATH_MS;
    rows.push({ kind: "message", key: keyOf(message), message, first });
    [day, sender, time] = [today, message.sender, sentAt];
  }
  for (const item of pending) {
    if (known.has(item.id)) continue;
    const first = sender !== me || item.createdAt - time > SAME_BREATH_MS;
    rows.push({ kind: "pending", key: item.id, item, first });
    [sender, time] = [me, item.createdAt];
  }
  for (const message of held) {
    rows.push({ kind: "held", key: `held ${message.held_id}`, held: message });
  }
  return rows;
}

/** One key from the composer to the log, so that a message stays the same row when it is sent. */
export function keyOf(message: StoredMessage): string {
  return message.client_message_id ?? `seq ${message.seq}`;
}

/** Whether a message belongs into the main timeline: threads have their own place. */
export function isShown(message: StoredMessage): boolean {
  return message.thread === null && message.type !== "control";
}
