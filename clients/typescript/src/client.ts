// Puts the parts of a client together.
import { messageActions } from "./actions/messages.ts";
import { conversationActions, memberActions } from "./actions/conversations.ts";
import { deskActions } from "./actions/desks.ts";
import type { ActionContext, Outgoing } from "./actions/context.ts";
import { peopleActions } from "./actions/people.ts";
import { fileActions } from "./actions/files.ts";
import { outboxActions, presenceActions } from "./actions/presence.ts";
import { dropPushQuietly, pushActions, type Started } from "./actions/push.ts";
import { listActions, threadActions } from "./actions/threads.ts";
import { authorizedFetch } from "./api/authorized_fetch.ts";
import { createApi, type Api } from "./api/create_api.ts";
import type { Entry } from "./api/schemas.ts";
import type { Client, ClientOptions, TokenSource } from "./client_api.ts";
import { Pauses } from "./files/pauses.ts";
import { Connection } from "./live/connection.ts";
import { TokenKeeper, readClaims } from "./live/token_keeper.ts";
import { TypingClock } from "./live/typing_clock.ts";
import { watchPage } from "./live/page_events.ts";
import { initialState } from "./model/initial_state.ts";
import { Listeners } from "./model/listeners.ts";
import { StateHolder } from "./model/state_holder.ts";
import type { ClientState, ConnectionState, SentMessage } from "./model/state.ts";
import { FileBytes } from "./outbox/file_bytes.ts";
import { addItem, changeItem, removeItem, requeueInterrupted } from "./outbox/queue.ts";
import { addReadMark } from "./outbox/read_marks.ts";
import { Sender } from "./outbox/sender.ts";
import { Uploader, retried } from "./outbox/uploader.ts";
import { mergeSaved } from "./store/merge_saved.ts";
import { openStorage } from "./store/open_storage.ts";
import { outboxChanges, readSavedState } from "./store/saved_state.ts";
import { Saver } from "./store/saver.ts";
import type { Storage } from "./store/storage.ts";
import { Evictor } from "./sync/evictor.ts";
import { positionOf } from "./sync/cursor.ts";
import { Refresher } from "./sync/refresher.ts";
import { randomId } from "./random_id.ts";
import { canShareTabs } from "./tabs/leadership.ts";
import { Tabs } from "./tabs/tabs.ts";

const MAX_MESSAGES = 100_000;

/** What exists while the client runs. */
interface Running {
  readonly storage: Storage;
  readonly device: string;
  readonly connection: Connection;
  readonly saver: Saver;
  readonly tabs: Tabs | null;
  readonly stopWatching: () => void;
}

export class TidingsClient implements Client {
  readonly api: Api;
  readonly messages: Client["messages"];
  readonly conversations: Client["conversations"];
  readonly members: Client["members"];
  readonly people: Client["people"];
  readonly threads: Client["threads"];
  readonly lists: Client["lists"];
  readonly desks: Client["desks"];
  readonly presence: Client["presence"];
  readonly outbox: Client["outbox"];
  readonly push: Client["push"];
  readonly upload: Client["upload"];
  readonly download: Client["download"];
  readonly #options: ClientOptions;
  readonly #tokens: TokenKeeper;
  readonly #holder: StateHolder;
  readonly #sender: Sender;
  readonly #uploader: Uploader;
  readonly #bytes = new FileBytes();
  readonly #pauses = new Pauses();
  readonly #refresher: Refresher;
  readonly #evictor: Evictor;
  readonly #typing: TypingClock;
  readonly #entries = new Listeners<Entry>();
  readonly #sents = new Listeners<SentMessage>();
  /** The users whom each tab watches. */
  readonly #watched = new Map<string, readonly string[]>();
  #starting: Promise<void> | null = null;
  #running: Running | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#tokens = new TokenKeeper(options.token);
    const claims = typeof options.token === "string" ? readClaims(options.token) : {};
    this.#holder = new StateHolder(initialState(userOf(claims)));
    const fetch = authorizedFetch({
      tokens: this.#tokens,
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
      onAnswer: (response, method) => this.#notePosition(response, method),
    });
    this.api = createApi({ url: options.url, fetch });
    this.#sender = new Sender(this.api, this.#holder, (sent) => {
      this.#sents.call(sent);
      this.#running?.tabs?.passSent(sent);
    });
    const [bytes, pauses] = [this.#bytes, this.#pauses];
    this.#uploader = new Uploader({ api: this.api, holder: this.#holder, bytes, pauses });
    this.#refresher = new Refresher(this.api, this.#holder);
    this.#evictor = new Evictor(this.#holder, options.maxMessages ?? MAX_MESSAGES);
    this.#typing = new TypingClock(this.#holder);
    const files = fileActions(this.api, pauses, this.#holder);
    ({ upload: this.upload, download: this.download } = files);
    const context = this.#actionContext();
    this.messages = messageActions(context);
    this.conversations = conversationActions(context);
    this.members = memberActions(context);
    this.people = peopleActions(context);
    this.threads = threadActions(context);
    this.lists = listActions(context);
    this.desks = deskActions(context);
    this.presence = presenceActions(context);
    this.outbox = outboxActions(context, bytes);
    this.push = pushActions(this.api, () => this.#started());
    this.#holder.subscribe(
      (state) => state.outbox,
      (outbox) => void bytes.retain(outbox, false),
    );
  }

  get state(): ClientState {
    return this.#holder.state;
  }

  get device(): string | null {
    return this.#running?.device ?? this.#options.device ?? null;
  }

  subscribe<Selected>(
    selector: (state: ClientState) => Selected,
    listener: (selected: Selected, before: Selected) => void,
    isEqual?: (a: Selected, b: Selected) => boolean,
  ): () => void {
    return this.#holder.subscribe(selector, listener, isEqual);
  }

  onEntry(listener: (entry: Entry) => void): () => void {
    return this.#entries.add(listener);
  }

  onSent(listener: (sent: SentMessage) => void): () => void {
    return this.#sents.add(listener);
  }

  reconnect(): void {
    this.#running?.connection.wake();
    this.#sender.wake();
    this.#pauses.wake();
  }

  waitFor<Selected>(
    selector: (state: ClientState) => Selected,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<NonNullable<Selected>> {
    return this.#holder.waitFor(selector, options);
  }

  async start(): Promise<void> {
    if (this.#running) this.#connect(this.#running);
    else await (this.#starting ??= this.#open().finally(() => (this.#starting = null)));
    await this.#holder.waitFor(canBeShown);
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const running = this.#running;
    this.#running = null;
    if (!running) return;
    running.stopWatching();
    this.#refresher.stop();
    this.#sender.stop();
    this.#uploader.stop();
    this.#evictor.stop();
    this.#typing.stop();
    await running.connection.stop();
    await running.saver.stop();
    // The next tab leads only once this one has written.
    running.tabs?.close();
    this.#bytes.use(null);
    await running.storage.close();
    this.#showConnection({ status: "stopped", retryAt: null });
  }

  async signIn(token: string | TokenSource): Promise<void> {
    this.#tokens.replace(token);
    await this.start();
  }

  async signOut(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    await dropPushQuietly(this.api, running);
    running.tabs?.passSignedOut();
    await this.#forgetAll(running.storage);
  }

  async #open(): Promise<void> {
    let token: string;
    try {
      token = await this.#tokens.current();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const problem = { code: "signed_out", status: 401, detail };
      this.#showConnection({ status: "signed_out", error: problem });
      return;
    }
    const me = userOf(readClaims(token));
    const name = `tidings ${this.#options.url} ${me}`;
    const storage = await openStorage(this.#options.storage, name);
    const saved = await readSavedState(storage, me);
    const device = this.#options.device ?? (await readDevice(storage));
    this.#bytes.use(storage);
    this.#holder.update((state) => mergeSaved(state, saved));
    const saver = new Saver(storage, this.#holder, saved.cursor === null ? null : saved);
    const connection = this.#makeConnection(device);
    const tabs = this.#options.shareTabs ?? canShareTabs() ? this.#makeTabs(name, storage) : null;
    const stopWatching = watchPage({
      onOnline: () => this.#wake(),
      onOffline: () => this.#showConnection({ offline: true }),
      onHidden: () => void saver.save(),
    });
    this.#running = { storage, device, connection, saver, tabs, stopWatching };
    this.#refresher.start();
    this.#evictor.start();
    if (!tabs) this.#lead();
  }

  #makeConnection(device: string): Connection {
    const WebSocket = this.#options.WebSocket ?? globalThis.WebSocket;
    return new Connection({
      api: this.api,
      holder: this.#holder,
      tokens: this.#tokens,
      url: this.#options.url,
      device,
      WebSocket,
      onFrames: (frames, after) => {
        this.#typing.note(frames);
        this.#running?.tabs?.passFrames(frames, after);
      },
      onEntry: (entry) => this.#entries.call(entry),
      onConnected: () => {
        this.#sender.wake();
        this.#pauses.wake();
        this.#sendWatch();
      },
      onForgotten: (isLost) => this.#running?.tabs?.passForgotten(isLost),
    });
  }

  #makeTabs(name: string, storage: Storage): Tabs {
    return new Tabs({
      name,
      api: this.api,
      holder: this.#holder,
      local: this.#local(),
      watchFor: (tab, users) => this.#watch(tab, users),
      keep: (item, bytes) => {
        if (bytes) void this.#bytes.keep(item.id, bytes);
        void storage.write(outboxChanges([], [item])).catch(() => undefined);
      },
      bytesOf: (id) => this.#bytes.inMemory(id),
      lead: () => queueMicrotask(() => this.#lead()),
      onFrames: (frames) => this.#typing.note(frames),
      onEntry: (entry) => this.#entries.call(entry),
      onSent: (sent) => this.#sents.call(sent),
      onSignedOut: () => {
        if (this.#running) void this.#forgetAll(this.#running.storage);
      },
    });
  }

  /** This client has the connection from now on. */
  #lead(): void {
    const running = this.#running;
    if (!running) return;
    this.#holder.update(requeueInterrupted);
    this.#sender.start();
    this.#uploader.start();
    this.#connect(running);
    if (!running.tabs) return running.saver.start();
    this.#takeOver(running).catch(() => {
      // The store was closed meanwhile; the next start reads it.
    });
  }

  /**
   * The tab that led has written since this one has opened, and may have closed before it had sent
   * what other tabs had stored.
   */
  async #takeOver({ storage, saver }: Running): Promise<void> {
    const saved = await readSavedState(storage, this.state.me);
    this.#holder.update((state) => saved.outbox.reduce(addItem, state));
    void this.#bytes.retain(this.state.outbox, true);
    saver.rebase(saved);
    saver.start();
  }

  #connect(running: Running): void {
    if (running.tabs && !running.tabs.isLeader) return;
    const { status } = this.state.connection;
    if (status !== "live" && status !== "polling") {
      this.#showConnection({ status: "connecting", leader: null });
    }
    running.connection.start();
  }

  #wake(): void {
    this.#showConnection({ offline: false });
    this.reconnect();
  }

  #actionContext(): ActionContext {
    const local = this.#local();
    const target = (): Outgoing => this.#running?.tabs?.outgoing ?? local;
    const outgoing: Outgoing = {
      add: (item, bytes) => target().add(item, bytes),
      retry: (id) => target().retry(id),
      discard: (id) => target().discard(id),
      read: (id, upTo) => target().read(id, upTo),
      frame: (frame) => target().frame(frame),
      watch: (users) => target().watch(users),
    };
    const touch = (id: string, seq?: number) => this.#evictor.touch(id, seq);
    const onEntry = (listener: (entry: Entry) => void) => this.onEntry(listener);
    const { api, upload } = this;
    return { api, holder: this.#holder, outgoing, touch, onEntry, upload };
  }

  /** What this tab does itself, when it leads. */
  #local(): Outgoing {
    const update = (change: (state: ClientState) => ClientState) => this.#holder.update(change);
    return {
      add: (item, bytes) => {
        if (bytes) void this.#bytes.keep(item.id, bytes);
        update((state) => addItem(state, item));
        // A message that the user has seen in the page must not be lost by closing it.
        void this.#running?.saver.save();
      },
      retry: (id) => update((state) => changeItem(state, id, retried)),
      discard: (id) => this.#discard(id),
      read: (id, upTo) => update((state) => addReadMark(state, id, upTo)),
      frame: (frame) => void this.#running?.connection.send(frame),
      watch: (users) => this.#watch("", users),
    };
  }

  #discard(id: string): void {
    const item = this.state.outbox.find((other) => other.id === id);
    this.#holder.update((state) => removeItem(state, id));
    // What the user has given up must not be sent after a reload.
    void this.#running?.saver.save();
    const isWaiting = item?.status === "queued" || item?.status === "failed";
    const file = isWaiting && item.kind === "send" ? item.upload : undefined;
    if (!file?.isStored || file.fileId === null) return;
    const params = { path: { id: file.fileId } };
    this.api.DELETE("/v1/files/{id}", { params }).catch(() => {
      // The server deletes a file that nothing uses a day later.
    });
  }

  #started(): Started {
    if (!this.#running) throw new Error("The client is not started: call start() first.");
    return this.#running;
  }

  #watch(tab: string, users: readonly string[]): void {
    this.#watched.set(tab, users);
    this.#sendWatch();
  }

  #sendWatch(): void {
    const users = [...new Set([...this.#watched.values()].flat())].slice(0, 500);
    if (this.#watched.size > 0) this.#running?.connection.send({ type: "watch", users });
  }

  /** Answers can be ahead of the feed (see Connection), and so are commands of this client. */
  #notePosition(response: Response, method: string): void {
    const written = method === "GET" ? 0 : Number(response.headers.get("Tidings-Position") ?? 0);
    if (written > this.state.written) this.#holder.update((state) => ({ ...state, written }));
    const seen = response.headers.get("Tidings-Cursor");
    if (seen === null || positionOf(seen) <= positionOf(this.state.seen)) return;
    this.#holder.update((state) => ({ ...state, seen }));
  }

  #showConnection(change: Partial<ConnectionState>): void {
    this.#holder.update((state) => ({ ...state, connection: { ...state.connection, ...change } }));
  }

  async #forgetAll(storage: Storage): Promise<void> {
    this.#sender.stop();
    this.#uploader.stop();
    await this.#running?.connection.stop();
    await this.#running?.saver.stop();
    await storage.clear();
    this.#holder.update((state) => initialState(state.me));
    await this.stop();
    this.#showConnection({ status: "signed_out" });
  }
}

function userOf(claims: { sub?: unknown }): string {
  return typeof claims.sub === "string" ? claims.sub : "";
}

/** Something is known, or it is known why not. */
function canBeShown({ cursor, inbox, connection }: ClientState): boolean {
  const failures = ["waiting", "signed_out", "refused", "replaced", "stopped"];
  const hasFailed = failures.includes(connection.leader ?? connection.status);
  return cursor !== null || inbox.order.length > 0 || hasFailed;
}

async function readDevice(storage: Storage): Promise<string> {
  const known = new Map(await storage.readAll("meta")).get("device");
  if (typeof known === "string") return known;
  const device = `ts-${randomId()}`;
  await storage.write([{ table: "meta", key: "device", value: device }]);
  return device;
}
