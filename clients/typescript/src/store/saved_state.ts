// What of the state is stored, and how it becomes a state again.
import { initialState, NOTHING_STALE } from "../model/initial_state.ts";
import { PersistentMap } from "../model/persistent_map.ts";
import type {
  ClientState,
  Conversation,
  ListName,
  OutboxItem,
  StoredMessage,
  Timeline,
} from "../model/state.ts";
import type { UserProfile } from "../api/schemas.ts";
import { comesBefore } from "../sync/inbox_order.ts";
import { keepNewest } from "../sync/timeline.ts";
import type { Storage, StorageChange } from "./storage.ts";

/** Raise it with a change of the form, as the version of the database. */
const FORM = 4;
/** Messages of each conversation that a start without network shows. */
const MESSAGES_PER_CONVERSATION = 60;
/** Conversations of which messages are stored: those that were active last. */
const TIMELINES = 1_000;

interface SavedMeta {
  form: number;
  me: string;
  cursor: string | null;
  seen: string | null;
  isComplete: boolean;
  totalUnread: number;
  profile: ClientState["profile"];
  partial: ClientState["partial"];
  pendingReads: [string, number][];
  staleRows: [string, number][];
  staleMessages: [string, number][];
}

interface SavedTimeline {
  ranges: Timeline["ranges"];
  atHead: boolean;
  headSeq: number;
  messages: StoredMessage[];
}

/** What to write so that the store holds `state` instead of `before`. */
export function changesToSave(before: ClientState | null, state: ClientState): StorageChange[] {
  const base = before ?? initialState(state.me);
  const changes: StorageChange[] = [];
  for (const key of state.conversations.changedKeys(base.conversations)) {
    changes.push({ table: "conversations", key, value: state.conversations.get(key) });
  }
  const recent = new Set(state.inbox.order.slice(0, TIMELINES));
  for (const key of state.timelines.changedKeys(base.timelines)) {
    const timeline = recent.has(key) ? state.timelines.get(key) : undefined;
    changes.push({ table: "timelines", key, value: timeline && saveTimeline(timeline) });
  }
  for (const key of state.people.changedKeys(base.people)) {
    changes.push({ table: "people", key, value: state.people.get(key) });
  }
  changes.push(...outboxChanges(base.outbox, state.outbox));
  if (before === null || saveMetaDiffers(base, state)) {
    changes.push({ table: "meta", key: "state", value: saveMeta(state) });
  }
  return changes;
}

export function outboxChanges(
  before: readonly OutboxItem[],
  after: readonly OutboxItem[],
): StorageChange[] {
  if (before === after) return [];
  const kept = new Map(after.map((item) => [item.id, item]));
  const known = new Map(before.map((item) => [item.id, item]));
  const removed = before.filter((item) => !kept.has(item.id));
  const changed = after.filter((item) => known.get(item.id) !== item);
  return [
    ...removed.map(({ id }) => ({ table: "outbox" as const, key: id, value: undefined })),
    ...changed.map((item) => ({ table: "outbox" as const, key: item.id, value: item })),
  ];
}

/** Reads the state of a user, or the initial one if nothing that fits is stored. */
export async function readSavedState(storage: Storage, me: string): Promise<ClientState> {
  const outbox = (await storage.readAll("outbox"))
    .map(([, item]) => item as OutboxItem)
    .sort((a, b) => a.createdAt - b.createdAt)
    // What was on its way when the page closed may have arrived or not: send it again.
    .map((item) => (item.status === "failed" ? item : { ...item, status: "queued" as const }));
  const meta = new Map(await storage.readAll("meta")).get("state") as SavedMeta | undefined;
  const empty = { ...initialState(me), outbox };
  if (meta?.form !== FORM || meta.me !== me) return empty;
  const conversations = (await storage.readAll("conversations")) as [string, Conversation][];
  const timelines = (await storage.readAll("timelines")) as [string, SavedTimeline][];
  const people = (await storage.readAll("people")) as [string, UserProfile][];
  const rows = conversations.map(([, row]) => row).sort((a, b) => (comesBefore(a, b) ? -1 : 1));
  return {
    ...empty,
    cursor: meta.cursor,
    seen: meta.seen,
    partial: meta.partial,
    profile: meta.profile,
    conversations: PersistentMap.from(conversations),
    timelines: PersistentMap.from(timelines.map(([id, saved]) => [id, readTimeline(saved)])),
    people: PersistentMap.from(people),
    pendingReads: PersistentMap.from(meta.pendingReads),
    stale: {
      ...NOTHING_STALE,
      rows: PersistentMap.from(meta.staleRows),
      messages: PersistentMap.from(meta.staleMessages),
      lists: PersistentMap.empty<ListName, number>(),
    },
    inbox: {
      order: rows.filter((row) => !row.archived).map((row) => row.id),
      archived: rows.filter((row) => row.archived).map((row) => row.id),
      totalUnread: meta.totalUnread,
      complete: meta.isComplete,
    },
  };
}

function saveMetaDiffers(before: ClientState, state: ClientState): boolean {
  return (
    before.cursor !== state.cursor ||
    before.seen !== state.seen ||
    before.inbox !== state.inbox ||
    before.profile !== state.profile ||
    before.partial !== state.partial ||
    before.pendingReads !== state.pendingReads ||
    before.stale !== state.stale
  );
}

function saveMeta(state: ClientState): SavedMeta {
  return {
    form: FORM,
    me: state.me,
    cursor: state.cursor,
    seen: state.seen,
    isComplete: state.inbox.complete,
    totalUnread: state.inbox.totalUnread,
    profile: state.profile,
    partial: state.partial,
    pendingReads: [...state.pendingReads],
    staleRows: [...state.stale.rows],
    staleMessages: [...state.stale.messages],
  };
}

function saveTimeline(timeline: Timeline): SavedTimeline | undefined {
  const { ranges, atHead, headSeq, messages } = keepNewest(timeline, MESSAGES_PER_CONVERSATION);
  if (messages.size === 0) return undefined;
  return { ranges, atHead, headSeq, messages: [...messages.values()] };
}

function readTimeline(saved: SavedTimeline): Timeline {
  const messages = saved.messages.map((message) => [message.seq, message] as const);
  return { ...saved, messages: PersistentMap.from(messages) };
}
