// The shape of a client's state. Every value is immutable: a change makes a new object of what
// changed and keeps the rest, so a selector can compare with ===.
import type {
  Contact,
  ConversationKind,
  Desk,
  FollowedThread,
  HeldMessage,
  Invitation,
  LastMessage,
  MessageBody,
  MessageType,
  OwnProfile,
  Policy,
  Role,
  ScheduledMessage,
  ServiceSession,
  ThreadReplies,
  UserProfile,
} from "../api/schemas.ts";
import type { PersistentMap } from "./persistent_map.ts";

/** Everything that the client knows. */
export interface ClientState {
  /** The signed-in user. */
  readonly me: string;
  /** How the client is connected. */
  readonly connection: ConnectionState;
  /** Where the client stands in the feed; null before the inbox has been read once. */
  readonly cursor: string | null;
  /** The newest cursor that an answer has shown: parts of the state may be ahead of `cursor`. */
  readonly seen: string | null;
  /** The position of the newest command of this client: what it loads next must show it. */
  readonly written: number;
  /** Counts the histories: after a `410`, an answer to an earlier request means nothing. */
  readonly epoch: number;
  readonly inbox: InboxState;
  /** The conversations by id, those that are archived included. */
  readonly conversations: PersistentMap<string, Conversation>;
  /** What is known of the messages of a conversation, by its id. */
  readonly timelines: PersistentMap<string, Timeline>;
  /** The members of the conversations whose members have been loaded, by conversation. */
  readonly members: PersistentMap<string, MemberList>;
  /** What the others have received and read, by conversation. */
  readonly receipts: PersistentMap<string, ReceiptMarks>;
  /** The pinned messages of the conversations whose pins have been loaded, by conversation. */
  readonly pins: PersistentMap<string, PinList>;
  /** The threads that have been loaded, by `threadKey(conversation, root)`. */
  readonly threads: PersistentMap<string, ThreadState>;
  /** The public profiles that have been asked for, by user. */
  readonly people: PersistentMap<string, UserProfile>;
  /** The caller's own profile and settings, once loaded. */
  readonly profile: OwnProfile | null;
  readonly contacts: Loaded<Contact>;
  readonly invitations: Loaded<Invitation>;
  readonly held: Loaded<HeldMessage>;
  readonly scheduled: Loaded<ScheduledMessage>;
  readonly followedThreads: Loaded<FollowedThread>;
  /** The service desks, with their numbers where the caller is an agent. */
  readonly desks: Loaded<Desk>;
  /** The service sessions of the caller, as customer or agent, the newest first. */
  readonly sessions: Loaded<ServiceSession>;
  /** The sessions that wait at the desks of the caller, the oldest first. */
  readonly waiting: Loaded<ServiceSession>;
  /** Who is typing, by conversation: the users, without the caller. */
  readonly typing: PersistentMap<string, readonly string[]>;
  /** The presence of the watched users. */
  readonly presence: PersistentMap<string, Presence>;
  /** What the user has done and the server has not confirmed yet, oldest first. */
  readonly outbox: readonly OutboxItem[];
  /** Read marks that the server has not confirmed yet, by conversation; already shown. */
  readonly pendingReads: PersistentMap<string, number>;
  /** What the entries have made uncertain; the client fetches it again. */
  readonly stale: StaleParts;
  /** The entries of a position that is not complete yet: those that have been applied. */
  readonly partial: PartialPosition | null;
}

/** What has to be fetched again, and the log position that the answer must have reached. */
export interface StaleParts {
  /** Rows of the inbox, by conversation. */
  readonly rows: PersistentMap<string, number>;
  /** Messages, by `messageKey(conversation, seq)`. */
  readonly messages: PersistentMap<string, number>;
  /** Lists that are loaded. */
  readonly lists: PersistentMap<ListName, number>;
  /** Loaded parts of conversations, by kind and conversation. */
  readonly parts: PersistentMap<string, number>;
}

export type ListName =
  | "contacts"
  | "invitations"
  | "held"
  | "scheduled"
  | "followedThreads"
  | "desks"
  | "sessions"
  | "waiting";

/** Several conversations can have an entry at one position. */
export interface PartialPosition {
  readonly position: number;
  /** The conversations whose entry has been applied; the empty string stands for none. */
  readonly conversations: readonly string[];
}

/** How the client is connected. */
export interface ConnectionState {
  /**
   * - `stopped`: not started, or stopped.
   * - `connecting`: the first attempt, or one after the connection was lost.
   * - `live`: entries arrive as they happen; the backlog is complete.
   * - `catching_up`: connected; the backlog is still arriving.
   * - `polling`: a WebSocket cannot be opened; the client asks for entries every few seconds.
   * - `waiting`: the last attempt failed; the next one is at `retryAt`.
   * - `following`: another tab has the connection; see `leader` for its status.
   * - `signed_out`: no token, or the server refuses it. `signIn()` continues.
   * - `refused`: the account is deactivated or banned (4403).
   * - `replaced`: the same device has connected elsewhere (4409). `start()` takes over again.
   */
  readonly status: ConnectionStatus;
  /** In a tab that follows another one: the status of the connection of that tab. */
  readonly leader: ConnectionStatus | null;
  /** Whether the browser says that it is offline. */
  readonly offline: boolean;
  /** When the next attempt begins, in milliseconds since 1970. */
  readonly retryAt: number | null;
  /** Why the last attempt failed. */
  readonly error: ErrorInfo | null;
}

export type ConnectionStatus =
  | "stopped"
  | "connecting"
  | "catching_up"
  | "live"
  | "polling"
  | "waiting"
  | "following"
  | "signed_out"
  | "refused"
  | "replaced";

/** An error as part of the state: plain data. */
export interface ErrorInfo {
  /** The stable code of the problem, such as `forbidden`; `network` if no answer arrived. */
  readonly code: string;
  /** The status of the answer; 0 if no answer arrived. */
  readonly status: number;
  readonly detail: string;
}

/** The list of conversations. */
export interface InboxState {
  /** The ids of those that are not archived: pinned first, then by latest activity. */
  readonly order: readonly string[];
  /** The ids of those that are archived, in the same order. */
  readonly archived: readonly string[];
  /** Unread messages of all conversations that are neither muted nor archived. */
  readonly totalUnread: number;
  /** Whether all pages have been read. Until then the lists are a beginning. */
  readonly complete: boolean;
}

/** A conversation as in the inbox. */
export interface Conversation {
  readonly id: string;
  readonly kind: ConversationKind;
  readonly title: string | null;
  /** The avatar of a group: the id of a file, or an https address. */
  readonly avatar: string | null;
  /** The other user of a direct conversation. */
  readonly peer: string | null;
  readonly memberCount: number;
  readonly lastMessage: LastMessage | null;
  readonly unread: number;
  /** Unread messages that mention the caller. */
  readonly mentions: number;
  /** The caller's read mark. */
  readonly readSeq: number;
  readonly muted: boolean;
  readonly pinned: boolean;
  readonly archived: boolean;
  /** The key of the order: the log position of its latest activity. */
  readonly activity: number;
  /** The log position that the row shows: entries up to it are already part of it. */
  readonly position: number;
  /** What only `conversations.load(id)` tells; null before. */
  readonly details: ConversationMore | null;
}

/** What the inbox does not tell about a conversation. */
export interface ConversationMore {
  readonly history: "all" | "since_join";
  readonly createdAt: string;
  readonly policy: Policy;
  readonly role: Role;
  readonly joinedSeq: number;
}

/** What is known of the messages of a conversation. */
export interface Timeline {
  /**
   * The stretches of the conversation that are known completely, in order, never adjacent or
   * overlapping; both ends included. What lies between two of them is a gap: load it. A seq
   * inside a stretch that has no message is one that the caller may not see.
   */
  readonly ranges: readonly SeqRange[];
  /** Whether the last range ends with the newest message. */
  readonly atHead: boolean;
  /** The newest seq that is known to exist; 0 if none. */
  readonly headSeq: number;
  /** The messages by seq. Use `selectMessage`, which adds what the outbox will change. */
  readonly messages: PersistentMap<number, StoredMessage>;
}

export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** A message as it is stored and shown. */
export interface StoredMessage {
  readonly conversation_id: string;
  readonly seq: number;
  readonly position: number;
  readonly sender: string;
  readonly type: MessageType;
  /** Null if recalled or erased. */
  readonly body: MessageBody | null;
  readonly reply_to: number | null;
  readonly thread: number | null;
  readonly mentions: readonly string[];
  readonly sent_at: string;
  readonly edited_at: string | null;
  readonly recalled: boolean;
  readonly reactions: { readonly [key: string]: Reaction };
  /** Of a root of a thread that is loaded: its replies. */
  readonly replies: ThreadReplies | null;
  /** Only of the caller's own messages. */
  readonly client_message_id: string | null;
  /** The log position that the stored message shows; not part of the server's message. */
  readonly asOf: number;
}

/** Who reacted with one key. */
export interface Reaction {
  readonly count: number;
  /** Whether the caller did. */
  readonly mine: boolean;
  /** Up to 100 of them, in the order of reacting. */
  readonly users: readonly string[];
}

/** The members of a conversation, as far as they have been loaded. */
export interface MemberList {
  readonly members: readonly MemberState[];
  /** Pass it to `members.load` to get more; null if these are all. */
  readonly next: string | null;
  readonly position: number;
}

export interface MemberState {
  readonly user: string;
  readonly role: Role;
  readonly joinedAt: string;
}

/** How far the other members of a conversation are. */
export interface ReceiptMarks {
  /** The largest log position that a device of the user has acknowledged, by user. */
  readonly delivered: { readonly [user: string]: number };
  /** The largest seq that the user has read, by user. */
  readonly read: { readonly [user: string]: number };
}

export interface PinList {
  /** The seqs of the pinned messages, newest pin first. */
  readonly seqs: readonly number[];
  readonly position: number;
}

/** A thread that has been loaded. */
export interface ThreadState {
  readonly conversationId: string;
  readonly root: number;
  /** The seqs of the replies that are known, oldest first. */
  readonly seqs: readonly number[];
  /** Whether there are older replies than the first of `seqs`. */
  readonly hasOlder: boolean;
  readonly position: number;
}

/** A list that is loaded when an app asks for it, and kept up to date from then on. */
export interface Loaded<Item> {
  readonly items: readonly Item[];
  /** Whether it has been asked for and has arrived. */
  readonly loaded: boolean;
}

export interface Presence {
  readonly online: boolean;
  readonly lastSeen: string | null;
}

/** What the user has done and the server has not confirmed yet. It survives a reload. */
export type OutboxItem = SendItem | ChangeItem;

interface OutboxItemBase {
  /** The key under which the server recognises a repetition; for a send, `client_message_id`. */
  readonly id: string;
  readonly conversationId: string;
  /** When the user did it, in milliseconds since 1970. */
  readonly createdAt: number;
  /**
   * - `queued`: waits for a connection, or for an earlier item of the conversation.
   * - `uploading`: its file is on its way; `upload` says how far. The message follows it.
   * - `sending`: the request is on its way.
   * - `sent`: the server has stored it; the entry has not arrived yet.
   * - `failed`: the server refuses it; `error` says why. `outbox.retry` or `outbox.discard` it.
   */
  readonly status: "queued" | "uploading" | "sending" | "sent" | "failed";
  readonly error: ErrorInfo | null;
  /** The position of the answer, once sent. */
  readonly position: number | null;
}

/** A message on its way. */
export interface SendItem extends OutboxItemBase {
  readonly kind: "send";
  readonly message: NewMessage;
  /** The file that the message needs; absent if it needs none. */
  readonly upload?: FileUpload;
  /** The seq of the message, once sent. */
  readonly seq: number | null;
  /** The time that the server gave it, once sent. */
  readonly sentAt: string | null;
}

/** A file of a message that is on its way. */
export interface FileUpload {
  readonly name: string;
  /** The media type that the browser sees. */
  readonly type: string;
  /** The size in bytes. */
  readonly size: number;
  /** The key under which the server recognises that the file has been announced already. */
  readonly key: string;
  /** The id that the server has given the file; null before. */
  readonly fileId: string | null;
  /** How many bytes have arrived. */
  readonly sent: number;
  /** Whether the server has stored the file. */
  readonly isStored: boolean;
}

/** A file that the server has stored. */
export interface StoredFile {
  readonly id: string;
  readonly name: string;
  /** The media type that the bytes have. */
  readonly type: string;
  /** The size in bytes. */
  readonly size: number;
  /** Of an image, in pixels. */
  readonly width: number | null;
  readonly height: number | null;
}

/** What the server says about a message that it has stored. */
export interface SentMessage {
  /** The client_message_id. */
  readonly id: string;
  readonly conversationId: string;
  /** Null if held. */
  readonly seq: number | null;
  /** Whether words of it were replaced by asterisks. */
  readonly masked: boolean;
  /** Whether a moderator has to release it first; it is in `state.held`. */
  readonly held: boolean;
}

/** A change of a message on its way. It is already shown. */
export interface ChangeItem extends OutboxItemBase {
  readonly kind: "change";
  readonly seq: number;
  readonly change: MessageChange;
}

export type MessageChange =
  | { readonly act: "edit"; readonly body: MessageBody }
  | { readonly act: "recall" }
  | { readonly act: "react"; readonly key: string }
  | { readonly act: "unreact"; readonly key: string };

/** What `messages.send` takes. */
export interface NewMessage {
  readonly type: MessageType;
  readonly body: MessageBody;
  readonly reply_to?: number;
  readonly thread?: number;
  readonly mentions?: readonly string[];
}
