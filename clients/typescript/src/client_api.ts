// What an app calls. client.ts implements it.
import type { Api } from "./api/create_api.ts";
import type {
  ChangeRequest,
  Contact,
  Created,
  Entry,
  GivenRole,
  Message,
  MessageBody,
  NewConversationKind,
  OpenedSession,
  PreferencesRequest,
  PushRegistration,
  ProfileRequest,
  Receipts,
  SearchPage,
  ServiceSessionDetail,
  SettingsRequest,
  UserProfile,
} from "./api/schemas.ts";
import type { DownloadOptions } from "./files/download.ts";
import type { ClientState, NewMessage, SentMessage, StoredFile } from "./model/state.ts";
import type { Storage } from "./store/storage.ts";

/** Returns a token of the user. Called at the start, before a token expires, and after a 401. */
export type TokenSource = (reason: "start" | "expiring" | "refused") => Promise<string> | string;

export interface ClientOptions {
  /** The server, such as `https://chat.example`; in a page served by it, `location.origin`. */
  url: string;
  /** A token, or a function that returns a fresh one. Throw from it to be `signed_out`. */
  token: string | TokenSource;
  /** Names this installation for acknowledgements. By default, the store keeps one. */
  device?: string;
  /** `indexeddb` (default where it exists), `memory`, or one of your own. */
  storage?: "indexeddb" | "memory" | Storage;
  /** Share one connection among the tabs of a browser. By default, where the browser can. */
  shareTabs?: boolean;
  /** Messages kept in memory and in the store; those least recently used go first. 100,000. */
  maxMessages?: number;
  /** Replacements, for tests and unusual platforms. */
  fetch?: typeof globalThis.fetch;
  WebSocket?: typeof globalThis.WebSocket;
}

/** Keeps the state of one user in step with the server. */
export interface Client {
  readonly api: Api;
  readonly state: ClientState;
  readonly messages: MessageActions;
  readonly conversations: ConversationActions;
  readonly members: MemberActions;
  readonly people: PeopleActions;
  readonly threads: ThreadActions;
  readonly lists: ListActions;
  readonly desks: DeskActions;
  readonly presence: PresenceActions;
  readonly outbox: OutboxActions;
  readonly push: PushActions;
  /** The name of this installation; null before the first `start`. */
  readonly device: string | null;
  /** See `FileActions`. */
  readonly upload: FileActions["upload"];
  readonly download: FileActions["download"];
  /** Reads the store, shows what it holds, and connects. Resolves once the state can be shown. */
  start(): Promise<void>;
  /** Closes the connection and saves. The outbox stays. */
  stop(): Promise<void>;
  /** Continues with another token of the same user, after `signed_out`. */
  signIn(token: string | TokenSource): Promise<void>;
  /** Stops, and removes everything that this browser has stored of the user; the outbox too. */
  signOut(): Promise<void>;
  /** Calls `listener` when what `selector` returns has changed. Returns how to stop that. */
  subscribe<Selected>(
    selector: (state: ClientState) => Selected,
    listener: (selected: Selected, before: Selected) => void,
    isEqual?: (a: Selected, b: Selected) => boolean,
  ): () => void;
  /**
   * Calls `listener` with each entry that arrives after `start`, once, in every tab; also with
   * those that were missed while the client was away. Returns how to stop that.
   */
  onEntry(listener: (entry: Entry) => void): () => void;
  /** Calls `listener` when the server has stored a message of the outbox, in every tab. */
  onSent(listener: (sent: SentMessage) => void): () => void;
  /** Tries at once what waits for its next attempt. */
  reconnect(): void;
  /** Resolves with the selected value as soon as it is truthy. */
  waitFor<Selected>(
    selector: (state: ClientState) => Selected,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<NonNullable<Selected>>;
}

export interface MessageActions {
  /** Puts a message into the outbox, shows it at once, and returns its client_message_id. */
  send(conversationId: string, message: NewMessage): string;
  /** `send` of a text. */
  sendText(
    conversationId: string,
    text: string,
    options?: Omit<NewMessage, "type" | "body">,
  ): string;
  /**
   * Puts a message with a file into the outbox, and returns its client_message_id. The file is
   * uploaded first, also after a reload; the item shows how far it is. What the bytes are decides
   * whether it is a message of type `image`, `audio`, `video` or `file`.
   */
  sendFile(conversationId: string, file: Blob, options?: NewFile): string;
  /** Has the server send it at a later time. Rejects if refused; not kept in the outbox. */
  schedule(conversationId: string, message: NewMessage, sendAt: Date): Promise<void>;
  /** Uploads a file now, and has the server send it at a later time. Rejects if refused. */
  scheduleFile(
    conversationId: string,
    file: Blob,
    sendAt: Date,
    options?: NewFile,
  ): Promise<void>;
  /** Shown at once; resent until the server answers. */
  edit(conversationId: string, seq: number, body: MessageBody): void;
  recall(conversationId: string, seq: number): void;
  react(conversationId: string, seq: number, key: string): void;
  unreact(conversationId: string, seq: number, key: string): void;
  restore(conversationId: string, seq: number): Promise<void>;
  pin(conversationId: string, seq: number): Promise<void>;
  unpin(conversationId: string, seq: number): Promise<void>;
  report(
    conversationId: string,
    seq: number,
    reason: "spam" | "abuse" | "illegal" | "other",
    note?: string,
  ): Promise<void>;
  /** Loads the newest messages unless they are there. */
  loadLatest(conversationId: string, limit?: number): Promise<void>;
  /** Loads what comes before `seq` (default: before the range that ends with the newest). */
  loadOlder(conversationId: string, seq?: number, limit?: number): Promise<void>;
  /** Loads what comes after `seq`. */
  loadNewer(conversationId: string, seq: number, limit?: number): Promise<void>;
  /** Loads what surrounds `seq`, as for a jump to a message. */
  loadAround(conversationId: string, seq: number, limit?: number): Promise<void>;
  /** Loads what surrounds the first message at or after a time, and returns its seq. */
  loadAtDate(conversationId: string, date: Date): Promise<number | null>;
  /** Loads one message unless it is there, such as the target of a reply. */
  load(conversationId: string, seq: number): Promise<void>;
  loadPins(conversationId: string): Promise<void>;
  /** Who has received and read a message of the caller. */
  receipts(conversationId: string, seq: number): Promise<Receipts>;
  /** The versions of a message, oldest first. */
  versions(
    conversationId: string,
    seq: number,
  ): Promise<readonly { at: string; body: MessageBody | null; position: number }[]>;
  /** Finds messages. Pass `next` of a page as `cursor` to get the one after it. */
  search(
    query: string,
    options?: { limit?: number; cursor?: string; sort?: "relevance" | "newest" },
  ): Promise<SearchPage>;
}

/** What `messages.sendFile` takes besides the bytes. */
export interface NewFile extends Omit<NewMessage, "type" | "body"> {
  /** By default, the name of a `File`. */
  name?: string;
  /** The media type; by default, that of the blob. */
  type?: string;
  /** Further keys of the body, such as a caption (`text`). */
  body?: { readonly [key: string]: unknown };
}

/** Files without a message. The network may break at any time: what has arrived stays. */
export interface FileActions {
  /** Uploads a file of the caller. Rejects if the server refuses it, or the signal is aborted. */
  upload(
    blob: Blob,
    options?: {
      name?: string;
      type?: string;
      onProgress?: (sent: number, size: number) => void;
      signal?: AbortSignal;
    },
  ): Promise<StoredFile>;
  /** Fetches the bytes of a file that the caller can see, or a preview of an image. */
  download(fileId: string, options?: DownloadOptions): Promise<Blob>;
}

export interface ConversationActions {
  create(conversation: {
    kind: NewConversationKind;
    members: string[];
    title?: string;
    id?: string;
  }): Promise<Created>;
  /** The direct conversation with a user; creates it if there is none. Returns its id. */
  openDirect(user: string): Promise<string>;
  /** Loads policy, role and history setting into `details`. */
  load(conversationId: string): Promise<void>;
  change(conversationId: string, change: ChangeRequest): Promise<void>;
  /** Uploads a picture and makes it the avatar of a group; null removes the avatar. */
  setAvatar(conversationId: string, picture: Blob | null): Promise<void>;
  setPreferences(conversationId: string, preferences: PreferencesRequest): Promise<void>;
  /** Marks as read up to a seq (default: the newest). Shown at once; many calls become one. */
  markRead(conversationId: string, upTo?: number): void;
  /** Marks `seq` and everything after it as unread. */
  markUnreadFrom(conversationId: string, seq: number): Promise<void>;
  /** Removes everything up to a seq from the caller's view, and nobody else's. */
  clear(conversationId: string, upTo: number): Promise<void>;
  join(conversationId: string, note?: string): Promise<"joined" | "asked">;
  joinByLink(code: string): Promise<string>;
  leave(conversationId: string): Promise<void>;
  /** Which messages the badge of a conversation counts, and why the others are not counted. */
  explainUnread(conversationId: string): Promise<{
    unread: number;
    read_seq: number;
    head_seq: number;
    counted: number[];
    excluded: { seq: number; why: string }[];
  }>;
}

export interface MemberActions {
  /** Loads the first members, or those after `after` (`MemberList.next`). */
  load(conversationId: string, after?: string): Promise<void>;
  /** Adds members, or changes the role of those who are. Returns who was added and invited. */
  add(
    conversationId: string,
    users: string[],
    role?: GivenRole,
  ): Promise<{ added: string[]; invited: string[] }>;
  remove(conversationId: string, user: string): Promise<void>;
}

export interface PeopleActions {
  /** Loads the profiles of users that are not there yet; calls made together become one. */
  want(users: Iterable<string>): void;
  /** Loads a profile again. */
  reload(user: string): Promise<UserProfile | null>;
  /** People whose id or name begins with the words. */
  search(query: string, limit?: number): Promise<readonly UserProfile[]>;
  loadOwnProfile(): Promise<void>;
  changeProfile(change: ProfileRequest): Promise<void>;
  /** Uploads a picture and makes it the caller's avatar; null removes the avatar. */
  setAvatar(picture: Blob | null): Promise<void>;
  changeSettings(change: SettingsRequest): Promise<void>;
  addContact(user: string, note?: string): Promise<Contact["state"]>;
  removeContact(user: string): Promise<void>;
  block(user: string): Promise<void>;
  unblock(user: string): Promise<void>;
  acceptInvitation(conversationId: string): Promise<void>;
  declineInvitation(conversationId: string): Promise<void>;
}

export interface ThreadActions {
  /** Loads the root and the newest replies. */
  load(conversationId: string, root: number): Promise<void>;
  loadOlder(conversationId: string, root: number): Promise<void>;
  follow(conversationId: string, root: number): Promise<void>;
  unfollow(conversationId: string, root: number): Promise<void>;
  markRead(conversationId: string, root: number, upTo: number): Promise<void>;
}

/** Loads lists of the state. Each is then kept up to date; loading again reloads it. */
export interface ListActions {
  contacts(): Promise<void>;
  invitations(): Promise<void>;
  held(): Promise<void>;
  scheduled(): Promise<void>;
  followedThreads(): Promise<void>;
  /** The service desks. */
  desks(): Promise<void>;
  /** The service sessions of the caller, the newest first. */
  sessions(): Promise<void>;
  /** The sessions that wait at the desks of the caller. */
  waiting(): Promise<void>;
}

/** Service desks. What a call has changed is in `state.sessions` and `state.waiting` afterwards. */
export interface DeskActions {
  /** Opens a session, or returns the one that the caller has at the desk. */
  open(desk: string, first?: { text?: string; custom?: object }): Promise<OpenedSession>;
  /** Loads a session; for agents with tags and notes. */
  load(sessionId: string): Promise<ServiceSessionDetail>;
  accept(sessionId: string): Promise<void>;
  /** Hands a session to another agent, or to another desk, where it waits. */
  transfer(
    sessionId: string,
    to: { agent: string } | { desk: string },
    note?: string,
  ): Promise<void>;
  close(sessionId: string, reason?: string): Promise<void>;
  /** Adds a note, which only agents see. */
  note(sessionId: string, text: string): Promise<void>;
  /** Replaces the tags, which only agents see. */
  tag(sessionId: string, tags: string[]): Promise<void>;
  /** Rates a session that is over, from 1 to 5. */
  rate(sessionId: string, score: number, text?: string): Promise<void>;
}

export interface PresenceActions {
  /** Watches users until the returned function is called. Several watches add up. */
  watch(users: Iterable<string>): () => void;
  /** Tells the others that the caller is typing. Call it at each key; it limits itself. */
  typing(conversationId: string): void;
  typingStopped(conversationId: string): void;
}

export interface OutboxActions {
  /** Tries a failed item again. */
  retry(id: string): void;
  /** Gives up an item that is failed, queued or uploading. */
  discard(id: string): void;
  /** The file that an item uploads, as for a preview; null if this browser does not have it. */
  file(id: string): Promise<Blob | null>;
}

/** Pushes to the device of this client, for when the user is online nowhere. */
export interface PushActions {
  /** The `applicationServerKey` with which a browser subscribes. */
  webPushKey(): Promise<string>;
  /** Call it at each start: the same registration again changes nothing. */
  register(registration: PushRegistration): Promise<void>;
  drop(): Promise<void>;
}

export type { Message };
