// What apps select from the state. Selectors that make a new value remember the last one, so that
// the same state gives the same value.
import type {
  ChangeItem,
  ClientState,
  Conversation,
  MemberState,
  OutboxItem,
  SendItem,
  SeqRange,
  StoredMessage,
  ThreadState,
  Timeline,
} from "./state.ts";
import type { ServiceSession, UserProfile } from "../api/schemas.ts";
import { applyChange } from "./message_change.ts";

/** The key of `ClientState.threads`. */
export function threadKey(conversationId: string, root: number): string {
  return `${conversationId}/${root}`;
}

export function selectConversation(id: string) {
  return (state: ClientState): Conversation | undefined => state.conversations.get(id);
}

export function selectTimeline(id: string) {
  return (state: ClientState): Timeline | undefined => state.timelines.get(id);
}

export function selectPerson(user: string) {
  return (state: ClientState): UserProfile | undefined => state.people.get(user);
}

/**
 * The newest service session of a conversation with a desk that the caller has, or could accept.
 */
export function selectSession(conversationId: string) {
  return (state: ClientState): ServiceSession | undefined => {
    const isHere = (session: ServiceSession) => session.conversation_id === conversationId;
    const [waiting, own] = [state.waiting.items.find(isHere), state.sessions.items.find(isHere)];
    return waiting?.id === own?.id ? own : (waiting ?? own);
  };
}

/** The members that have been loaded, or undefined. */
export function selectMembers(id: string) {
  return (state: ClientState): readonly MemberState[] | undefined =>
    state.members.get(id)?.members;
}

export function selectThread(id: string, root: number) {
  return (state: ClientState): ThreadState | undefined => state.threads.get(threadKey(id, root));
}

/** A message with the changes of the outbox that are not confirmed yet. */
export function selectMessage(id: string, seq: number) {
  const overlay = overlayMemo();
  return (state: ClientState): StoredMessage | undefined =>
    overlay(state, state.timelines.get(id)?.messages.get(seq));
}

/** The range that contains `seq`, or the one that ends with the newest message. */
export function rangeOf(timeline: Timeline | undefined, seq?: number): SeqRange | undefined {
  if (!timeline) return undefined;
  if (seq === undefined) return timeline.atHead ? timeline.ranges.at(-1) : undefined;
  return timeline.ranges.find((range) => range.from <= seq && seq <= range.to);
}

/**
 * The messages of the range around `seq` (default: the newest range), oldest first, with the
 * changes of the outbox. Replies of threads are included: they have a `thread`.
 */
export function selectMessages(id: string, seq?: number) {
  let timeline: Timeline | undefined;
  let outbox: readonly OutboxItem[] | undefined;
  let messages: readonly StoredMessage[] = [];
  return (state: ClientState): readonly StoredMessage[] => {
    const current = state.timelines.get(id);
    if (current === timeline && state.outbox === outbox) return messages;
    [timeline, outbox] = [current, state.outbox];
    const range = rangeOf(current, seq);
    messages = range ? listMessages(state, id, range.from, range.to) : [];
    return messages;
  };
}

/** The messages between two seqs, both included, oldest first, with the changes of the outbox. */
export function listMessages(
  state: ClientState,
  id: string,
  from: number,
  to: number,
): StoredMessage[] {
  const stored = state.timelines.get(id)?.messages;
  const found: StoredMessage[] = [];
  if (!stored) return found;
  const changes = changesOf(state, id);
  for (let seq = from; seq <= to; seq += 1) {
    const message = stored.get(seq);
    if (message) found.push(withChanges(message, changes.get(seq), state.me));
  }
  return found;
}

/** The messages of the caller that are on their way into a conversation (or thread). */
export function selectPending(id: string, thread?: number) {
  let outbox: readonly OutboxItem[] | undefined;
  let pending: readonly SendItem[] = [];
  return (state: ClientState): readonly SendItem[] => {
    if (state.outbox !== outbox) {
      outbox = state.outbox;
      const found = outbox.filter(
        (item): item is SendItem =>
          item.kind === "send" &&
          item.conversationId === id &&
          (thread === undefined || item.message.thread === thread),
      );
      const same = found.length === pending.length && found.every((it, at) => it === pending[at]);
      if (!same) pending = found;
    }
    return pending;
  };
}

/** How far a message of the caller has come. */
export interface DeliveryStatus {
  readonly status: "sent" | "delivered" | "read";
  /** How many others have received it, as far as is known. */
  readonly delivered: number;
  /** How many others have read it, as far as is known. */
  readonly read: number;
}

/**
 * How far a message of the caller has come: `delivered` and `read` once somebody else has received
 * and read it, which in a direct conversation is the other user. `messages.receipts` is exact.
 */
export function selectDelivery(id: string, seq: number) {
  let last: DeliveryStatus = { status: "sent", delivered: 0, read: 0 };
  return (state: ClientState): DeliveryStatus => {
    const marks = state.receipts.get(id);
    const message = state.timelines.get(id)?.messages.get(seq);
    let [delivered, read] = [0, 0];
    if (marks && message) {
      const readers = new Set<string>();
      for (const [user, mark] of Object.entries(marks.read)) if (mark >= seq) readers.add(user);
      read = readers.size;
      delivered = read;
      for (const [user, position] of Object.entries(marks.delivered)) {
        if (position >= message.position && !readers.has(user)) delivered += 1;
      }
    }
    if (delivered !== last.delivered || read !== last.read) {
      last = { status: read ? "read" : delivered ? "delivered" : "sent", delivered, read };
    }
    return last;
  };
}

const NOBODY: readonly string[] = [];

/** Who is typing in a conversation. */
export function selectTyping(id: string) {
  return (state: ClientState): readonly string[] => state.typing.get(id) ?? NOBODY;
}

function overlayMemo() {
  let [stored, outbox]: [StoredMessage | undefined, readonly OutboxItem[] | undefined] = [
    undefined,
    undefined,
  ];
  let shown: StoredMessage | undefined;
  return (state: ClientState, message: StoredMessage | undefined) => {
    if (message === stored && state.outbox === outbox) return shown;
    [stored, outbox] = [message, state.outbox];
    const changes = message && changesOf(state, message.conversation_id).get(message.seq);
    const next = message && withChanges(message, changes, state.me);
    shown = next;
    return shown;
  };
}

function changesOf(state: ClientState, id: string): Map<number, ChangeItem[]> {
  const changes = new Map<number, ChangeItem[]>();
  for (const item of state.outbox) {
    if (item.kind !== "change" || item.conversationId !== id || item.status === "failed") continue;
    changes.set(item.seq, [...(changes.get(item.seq) ?? []), item]);
  }
  return changes;
}

function withChanges(
  message: StoredMessage,
  changes: ChangeItem[] | undefined,
  me: string,
): StoredMessage {
  if (!changes) return message;
  return changes.reduce((shown, { change }) => applyChange(shown, change, me), message);
}
