// One WebSocket: opens it, reads its frames, keeps its token fresh, and notices when it is dead.
import type { ClientFrame, ServerFrame } from "../api/schemas.ts";
import type { TokenKeeper } from "./token_keeper.ts";

/** Silence after which the server is asked for a sign of life, and how long it has to give one. */
const PROBE_AFTER_MS = 25_000;
const PROBE_TIMEOUT_MS = 8_000;
const OPEN_TIMEOUT_MS = 15_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SocketOptions {
  url: string;
  cursor: string;
  device: string;
  tokens: TokenKeeper;
  WebSocket: typeof globalThis.WebSocket;
  onFrames: (frames: ServerFrame[]) => void;
}

/** Why a socket ended. */
export interface SocketEnd {
  /** Whether frames arrived: an attempt that never got that far says that sockets do not work. */
  readonly wasOpen: boolean;
  readonly code: number;
  readonly problem: Extract<ServerFrame, { type: "problem" }> | null;
}

export class LiveSocket {
  readonly #options: SocketOptions;
  readonly #socket: WebSocket;
  readonly #ended: Promise<SocketEnd>;
  #end!: (end: SocketEnd) => void;
  #problem: SocketEnd["problem"] = null;
  #wasOpen = false;
  #frames: ServerFrame[] = [];
  #probe: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SocketOptions, token: string) {
    this.#options = options;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    const url = new URL(`${options.url.replace(/\/$/, "")}/v1/live`);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("after", options.cursor);
    url.searchParams.set("device", options.device);
    this.#socket = new options.WebSocket(url, ["tidings.v1", `bearer.${token}`]);
    this.#socket.onopen = () => this.#opened();
    this.#socket.onmessage = (message) => this.#received(message.data);
    this.#socket.onclose = (event) => this.#finish(event.code);
    this.#socket.onerror = () => {
      // `close` follows and says more.
    };
    this.#probe = setTimeout(() => this.#giveUp(), OPEN_TIMEOUT_MS);
  }

  /** Resolves when the socket has ended. */
  get ended(): Promise<SocketEnd> {
    return this.#ended;
  }

  /** Sends a frame if the socket is open; returns whether it is. */
  send(frame: ClientFrame): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Asks for a sign of life now, as when a page becomes visible or the network returns. */
  probe(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    clearTimeout(this.#probe);
    // Only a token frame has an answer that says that the connection works.
    void this.#sendToken(() => this.#options.tokens.current());
    this.#probe = setTimeout(() => this.#giveUp(), PROBE_TIMEOUT_MS);
  }

  close(): void {
    this.#socket.close(1000);
    this.#finish(1000);
  }

  #opened(): void {
    this.#wasOpen = true;
    this.#awaitTraffic();
    this.#scheduleRenewal();
  }

  #received(data: unknown): void {
    this.#awaitTraffic();
    const frame = JSON.parse(String(data)) as ServerFrame;
    if (frame.type === "problem") this.#problem = frame;
    // A backlog arrives as many messages at once: they are applied together.
    if (this.#frames.push(frame) === 1) setTimeout(() => this.#deliver(), 0);
  }

  #deliver(): void {
    const frames = this.#frames;
    this.#frames = [];
    if (frames.length > 0) this.#options.onFrames(frames);
  }

  #awaitTraffic(): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => this.probe(), PROBE_AFTER_MS);
  }

  #scheduleRenewal(): void {
    clearTimeout(this.#renewal);
    const inMs = Math.min(this.#options.tokens.renewsInMs(), LONGEST_TIMER_MS);
    this.#renewal = setTimeout(() => void this.#renew(), Math.max(0, inMs));
  }

  async #renew(): Promise<void> {
    if (this.#options.tokens.renewsInMs() <= 0) {
      await this.#sendToken(() => this.#options.tokens.renew("expiring"));
    }
    if (this.#socket.readyState === this.#socket.OPEN) this.#scheduleRenewal();
  }

  async #sendToken(obtain: () => Promise<string>): Promise<void> {
    try {
      this.send({ type: "token", token: await obtain() });
    } catch {
      // The server closes the connection when the token expires, and the reason is found then.
    }
  }

  #giveUp(): void {
    this.#socket.close();
    // A socket whose peer is gone takes long to close; the next attempt need not wait for it.
    this.#finish(1006);
  }

  #finish(code: number): void {
    clearTimeout(this.#probe);
    clearTimeout(this.#renewal);
    this.#socket.onmessage = null;
    this.#deliver();
    this.#end({ wasOpen: this.#wasOpen, code, problem: this.#problem });
  }
}
