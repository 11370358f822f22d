// Shares one connection among the tabs of a browser, as leader or as follower.
import type { Api } from "../api/create_api.ts";
import type { ClientFrame, Entry, ServerFrame } from "../api/schemas.ts";
import type { Outgoing } from "../actions/context.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { addItem } from "../outbox/queue.ts";
import { addReadMark } from "../outbox/read_marks.ts";
import type { OutboxItem, SentMessage } from "../model/state.ts";
import { randomId } from "../random_id.ts";
import { TabChannel, type TabCommand, type TabMessage } from "./channel.ts";
import { Follower } from "./follower.ts";
import { Leadership } from "./leadership.ts";

export interface TabsOptions {
  name: string;
  api: Api;
  holder: StateHolder;
  /** Does what this tab or another one asks for, once this tab leads. */
  local: Outgoing;
  watchFor: (tab: string, users: readonly string[]) => void;
  /** Keeps an item of a tab that follows, in case that tab and the leader close together. */
  keep: (item: OutboxItem, bytes?: Blob) => void;
  /** The bytes that this tab has kept of the file of an item. */
  bytesOf: (id: string) => Blob | undefined;
  /** This tab leads from now on. */
  lead: () => void;
  onFrames: (frames: readonly ServerFrame[]) => void;
  onEntry: (entry: Entry) => void;
  onSent: (sent: SentMessage) => void;
  onSignedOut: () => void;
}

export class Tabs {
  readonly #options: TabsOptions;
  readonly #id = randomId();
  readonly #channel: TabChannel;
  readonly #leadership: Leadership;
  #follower: Follower | null;
  #stops: (() => void)[] = [];
  #watched: readonly string[] = [];

  constructor(options: TabsOptions) {
    this.#options = options;
    this.#follower = new Follower(options.api, options.holder, options.onEntry);
    this.#channel = new TabChannel(options.name, (message) => this.#receive(message));
    this.#leadership = new Leadership(options.name, () => this.#lead());
    this.#follower.showConnection({ ...options.holder.state.connection, status: "connecting" });
    this.#channel.post({ type: "hello" });
  }

  get isLeader(): boolean {
    return this.#follower === null;
  }

  passFrames(frames: readonly ServerFrame[], after: string | null): void {
    this.#channel.post({ type: "frames", frames, after });
  }

  passSent(sent: SentMessage): void {
    this.#channel.post({ type: "sent", sent });
  }

  passForgotten(isLost: boolean): void {
    this.#channel.post({ type: "forgotten", isLost });
  }

  passSignedOut(): void {
    this.#channel.post({ type: "signed_out" });
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#follower?.stop();
    this.#leadership.release();
    this.#channel.close();
  }

  /** What actions use: here, or in the tab that leads. */
  readonly outgoing: Outgoing = {
    add: (item, bytes) => {
      if (this.#follower) {
        this.#follower.expect(item.id);
        this.#options.keep(item, bytes);
        this.#options.holder.update((state) => addItem(state, item));
      }
      this.#do({ act: "add", item, ...(bytes && { bytes }) });
    },
    retry: (id) => this.#do({ act: "retry", id }),
    discard: (id) => this.#do({ act: "discard", id }),
    read: (conversationId, upTo) => {
      if (this.#follower) {
        this.#options.holder.update((state) => addReadMark(state, conversationId, upTo));
      }
      this.#do({ act: "read", conversationId, upTo });
    },
    frame: (frame: ClientFrame) => this.#do({ act: "frame", frame }),
    watch: (users) => {
      this.#watched = users;
      this.#do({ act: "watch", tab: this.#id, users });
    },
  };

  #do(command: TabCommand): void {
    if (this.isLeader) this.#execute(command);
    else this.#channel.post({ type: "command", command });
  }

  #execute(command: TabCommand): void {
    const { local, watchFor } = this.#options;
    switch (command.act) {
      case "add":
        return local.add(command.item, command.bytes);
      case "retry":
        return local.retry(command.id);
      case "discard":
        return local.discard(command.id);
      case "read":
        return local.read(command.conversationId, command.upTo);
      case "frame":
        return local.frame(command.frame);
      case "watch":
        return watchFor(command.tab, command.users);
    }
  }

  #receive(message: TabMessage): void {
    if (message.type === "signed_out") return this.#options.onSignedOut();
    if (this.#follower) return this.#followMessage(this.#follower, message);
    if (message.type === "command") this.#execute(message.command);
    if (message.type === "hello") {
      this.#postConnection();
      this.#postOutbox();
    }
  }

  #followMessage(follower: Follower, message: TabMessage): void {
    switch (message.type) {
      case "frames":
        follower.receive(message.frames, message.after);
        return this.#options.onFrames(message.frames);
      case "forgotten":
        return follower.forget(message.isLost);
      case "connection": {
        const { leader } = this.#options.holder.state.connection;
        follower.showConnection(message.connection);
        if (message.connection.status !== leader) this.#repeat(follower);
        return;
      }
      case "sent":
        return this.#options.onSent(message.sent);
      case "outbox":
        return follower.showOutbox(message.items, message.reads);
    }
  }

  /** The leader may be another one, which does not know what this tab has asked for. */
  #repeat(follower: Follower): void {
    for (const item of follower.unconfirmed()) {
      const bytes = this.#options.bytesOf(item.id);
      this.#do({ act: "add", item, ...(bytes && { bytes }) });
    }
    if (this.#watched.length > 0) this.outgoing.watch(this.#watched);
  }

  /** The tab that led is gone, or there was none: this one continues from its own cursor. */
  #lead(): void {
    const { holder } = this.#options;
    this.#follower?.stop();
    this.#follower = null;
    this.#stops = [
      holder.subscribe(
        (state) => state.connection,
        () => this.#postConnection(),
      ),
      holder.subscribe(
        (state) => state.outbox,
        () => this.#postOutbox(),
      ),
    ];
    this.#options.lead();
  }

  #postConnection(): void {
    const { connection } = this.#options.holder.state;
    this.#channel.post({ type: "connection", connection });
  }

  #postOutbox(): void {
    const { outbox, pendingReads } = this.#options.holder.state;
    this.#channel.post({ type: "outbox", items: outbox, reads: [...pendingReads] });
  }
}
