// A user with one device, who does what users do.
import type { ClientState, StoredMessage, TidingsClient } from "@tidings/client";
import { Random, sleep } from "./random.ts";
import { CrashStorage } from "./storage.ts";

/** The client under test: the package, or a copy with a planted bug. */
export type ClientModule = typeof import("@tidings/client");

export interface ParticipantOptions {
  module: ClientModule;
  url: string;
  user: string;
  device: string;
  token: (user: string) => string;
  random: Random;
  others: readonly string[];
}

const REACTIONS = ["+1", "heart", "tada"];

export class Participant {
  readonly user: string;
  readonly device: string;
  /** The client_message_ids of everything that was sent and must not be lost. */
  readonly sent = new Set<string>();
  readonly #options: ParticipantOptions;
  #storage = new CrashStorage();
  #client: TidingsClient;
  #isBusy = false;

  constructor(options: ParticipantOptions) {
    this.#options = options;
    this.user = options.user;
    this.device = options.device;
    this.#client = this.#open();
  }

  get client(): TidingsClient {
    return this.#client;
  }

  get state(): ClientState {
    return this.#client.state;
  }

  async start(): Promise<void> {
    await this.#client.start();
  }

  /** The page is closed without a word, and opened again with what the store holds. */
  async crash(): Promise<void> {
    const before = this.#client;
    const kept = this.#storage.crash();
    // What never reached the store is lost with the page, and its user knows.
    const stored = new Set(kept.keys("outbox"));
    for (const item of before.state.outbox) if (!stored.has(item.id)) this.sent.delete(item.id);
    this.#storage = kept;
    this.#client = this.#open();
    void before.stop();
    await this.#client.start();
  }

  /** A second connection of the device takes over for a while, as after a copied profile. */
  async replaceDevice(): Promise<void> {
    const { url, user, device, token } = this.#options;
    const address = new URL(`/v1/live?device=${device}`, url.replace("http", "ws"));
    const socket = new WebSocket(address, ["tidings.v1", `bearer.${token(user)}`]);
    socket.onerror = () => undefined;
    await sleep(500);
    socket.close();
    await this.continueIfReplaced();
  }

  async continueIfReplaced(): Promise<void> {
    const { status } = this.state.connection;
    if (status === "replaced" || status === "signed_out") await this.#client.start();
  }

  /** Acts at random times until `isOver`. */
  async act(maxPauseMs: number, isOver: () => boolean): Promise<void> {
    const { random } = this.#options;
    while (!isOver()) {
      await sleep(random.between(1, maxPauseMs));
      if (isOver()) return;
      try {
        await this.actOnce();
      } catch {
        // Refused, or no answer: what was promised to the user is in the outbox.
      }
    }
  }

  async actOnce(): Promise<void> {
    const { random } = this.#options;
    const { inbox } = this.state;
    const id = random.pick([...inbox.order, ...inbox.archived]);
    if (id === undefined || this.#isBusy) return this.#create();
    const act = random.choose<(id: string) => unknown>([
      [40, (id) => this.#send(id)],
      [3, (id) => this.#sendFile(id)],
      [14, (id) => this.#client.conversations.markRead(id)],
      [6, (id) => this.#changeOwn(id)],
      [9, (id) => this.#react(id)],
      [4, (id) => this.#markInTheMiddle(id)],
      [4, (id) => this.#setPreferences(id)],
      [3, (id) => this.#client.messages.loadOlder(id, undefined, 20)],
      [2, (id) => this.#client.members.load(id)],
      [2, (id) => this.#client.messages.loadPins(id)],
      [2, (id) => this.#changePins(id)],
      [2, (id) => this.#changeMembers(id)],
      [1, (id) => this.#loadThread(id)],
      [1, () => this.#create()],
      [1, (id) => this.#clear(id)],
      [1, (id) => this.#discardFailed(id)],
    ]);
    this.#isBusy = true;
    try {
      await act(id);
    } finally {
      this.#isBusy = false;
    }
  }

  #open(): TidingsClient {
    const { module, url, user, device, token } = this.#options;
    return new module.TidingsClient({
      url,
      device,
      token: () => token(user),
      storage: this.#storage,
      shareTabs: false,
    });
  }

  #send(id: string): void {
    const { random } = this.#options;
    const message = this.#pickMessage(id);
    const member = random.pick(this.state.members.get(id)?.members ?? []);
    const root = message?.thread ?? message?.seq;
    const options = {
      ...(member && random.next() < 0.3 ? { mentions: [member.user] } : {}),
      ...(message && random.next() < 0.1 ? { reply_to: message.seq } : {}),
      ...(root && random.next() < 0.2 ? { thread: root } : {}),
    };
    const type = random.next() < 0.05 ? ("control" as const) : ("text" as const);
    const body = type === "text" ? { text: `${this.user} ${random.next()}` } : { beat: 1 };
    this.sent.add(this.#client.messages.send(id, { ...options, type, body }));
  }

  /** Of one range or of several, so that faults hit uploads at all places. */
  #sendFile(id: string): void {
    const { random } = this.#options;
    const text = `${random.next()} `.repeat(random.between(0, 40_000));
    const file = new File([text], `${this.user}.txt`, { type: "text/plain" });
    this.sent.add(this.#client.messages.sendFile(id, file));
  }

  #changeOwn(id: string): void {
    const { random } = this.#options;
    const message = this.#pickMessage(id, (message) => message.sender === this.user);
    if (!message) return;
    if (random.next() < 0.5) this.#client.messages.recall(id, message.seq);
    else this.#client.messages.edit(id, message.seq, { text: `edited ${random.next()}` });
  }

  #react(id: string): void {
    const { random } = this.#options;
    const message = this.#pickMessage(id);
    const key = random.pick(REACTIONS)!;
    if (!message) return;
    if (message.reactions[key]?.mine) this.#client.messages.unreact(id, message.seq, key);
    else this.#client.messages.react(id, message.seq, key);
  }

  async #markInTheMiddle(id: string): Promise<void> {
    const { random } = this.#options;
    const message = this.#pickMessage(id);
    if (!message) return;
    if (random.next() < 0.5) this.#client.conversations.markRead(id, message.seq);
    else await this.#client.conversations.markUnreadFrom(id, message.seq);
  }

  async #setPreferences(id: string): Promise<void> {
    const { random } = this.#options;
    const row = this.state.conversations.get(id);
    const name = random.pick(["muted", "pinned", "archived"] as const)!;
    await this.#client.conversations.setPreferences(id, { [name]: !row?.[name] });
  }

  async #changePins(id: string): Promise<void> {
    const message = this.#pickMessage(id);
    if (!message) return;
    const isPinned = this.state.pins.get(id)?.seqs.includes(message.seq);
    if (isPinned) await this.#client.messages.unpin(id, message.seq);
    else await this.#client.messages.pin(id, message.seq);
  }

  async #changeMembers(id: string): Promise<void> {
    const { random, others } = this.#options;
    const other = random.pick(others)!;
    const draw = random.next();
    if (draw < 0.6) await this.#client.members.add(id, [other]);
    else if (draw < 0.8) await this.#client.members.remove(id, other);
    else if (this.state.conversations.get(id)?.kind === "group") {
      await this.#client.conversations.leave(id);
    }
  }

  async #loadThread(id: string): Promise<void> {
    const message = this.#pickMessage(id, (message) => message.thread === null);
    if (message) await this.#client.threads.load(id, message.seq);
  }

  async #create(): Promise<void> {
    const { random, others } = this.#options;
    const other = random.pick(others);
    if (other === undefined) return;
    if (random.next() < 0.5) await this.#client.conversations.openDirect(other);
    else await this.#client.conversations.create({ kind: "group", members: [other] });
  }

  async #clear(id: string): Promise<void> {
    const { random } = this.#options;
    const head = this.state.timelines.get(id)?.headSeq ?? 0;
    if (head > 3 && random.next() < 0.3) await this.#client.conversations.clear(id, head - 3);
  }

  #discardFailed(_: string): void {
    for (const item of this.state.outbox) {
      if (item.status !== "failed") continue;
      this.sent.delete(item.id);
      this.#client.outbox.discard(item.id);
    }
  }

  #pickMessage(
    id: string,
    fits: (message: StoredMessage) => boolean = () => true,
  ): StoredMessage | undefined {
    const messages = [...(this.state.timelines.get(id)?.messages.values() ?? [])];
    return this.#options.random.pick(messages.filter(fits));
  }
}
