// A server in memory, for what a real one does seldom: it has one conversation, "c", of "me" and
// "ann", and does as a test says.
import type { Entry, ServerFrame } from "../src/index.ts";
import { FakeFiles } from "./fake_files.ts";
import { ME, created, message, sent, summary } from "./entries.ts";

type SendRequest = { client_message_id: string; type: string; body: { text: string } };
type Answer = { status: number; body: unknown; headers?: Record<string, string> };

export class FakeServer {
  readonly entries: Entry[] = [created(1)];
  /** What was asked, such as `POST /v1/inbox/ack`. */
  readonly calls: string[] = [];
  /** The queries of the calls, such as `?after=0`. */
  readonly queries: string[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly acks: string[] = [];
  /** The messages that were stored. */
  readonly sent: { type: string; body: unknown }[] = [];
  readonly tokens: string[] = [];
  readonly files = new FakeFiles();
  /** Changes when the history does: a cursor with another tag gets 410. */
  tag = "t1";
  /** Entries up to here are no longer kept. */
  oldest = 0;
  /** What `me` is called, once the read model has it. */
  name: string | null = null;
  /** Sockets that are opened now fail. */
  refusesSockets = false;
  /** The next answers to a call, by method and path, in place of the usual one. */
  readonly answers = new Map<string, Answer[]>();
  #sendIds = new Map<string, number>();

  get cursor(): string {
    return `${this.entries.length}.${this.tag}`;
  }

  /** Somebody else sends. */
  say(text: string): void {
    const seq = this.#messages().length + 1;
    this.#append(sent(this.entries.length + 1, seq, { body: { text } }));
  }

  /** Something else happens. */
  add(entry: Entry): void {
    this.#append(entry);
  }

  /** A restored backup: the last entries are lost, and everybody is cut off. */
  restore(lost: number): void {
    this.entries.splice(this.entries.length - lost);
    this.tag = "t2";
    this.#sendIds = new Map(
      this.#messages().map((entry) => [entry.data.client_message_id ?? "", entry.data.seq]),
    );
    for (const socket of this.sockets) socket.end(1013);
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const call = `${request.method} ${url.pathname}`;
    this.calls.push(call);
    this.queries.push(url.search);
    const file = await this.files.answer(request, url.pathname);
    if (file) return file;
    const body = request.method === "GET" ? null : await request.json().catch(() => null);
    const answer = this.answers.get(call)?.shift() ?? this.#answer(call, url, body);
    if (answer.status === 0) throw new TypeError("fetch failed");
    const headers = {
      "Content-Type": "application/json",
      "Tidings-Position": `${this.entries.length}`,
      "Tidings-Cursor": this.cursor,
      ...answer.headers,
    };
    return new Response(JSON.stringify(answer.body), { status: answer.status, headers });
  };

  get WebSocket(): typeof globalThis.WebSocket {
    const server = this;
    return class extends FakeSocket {
      constructor(url: URL) {
        super(url, server);
      }
    } as unknown as typeof globalThis.WebSocket;
  }

  /** Whether a cursor is of this history. */
  knows(cursor: string): boolean {
    const [position, tag] = cursor.split(".");
    const isKept = Number(position) >= this.oldest;
    return isKept && tag === this.tag && Number(position) <= this.entries.length;
  }

  /** The problem of a cursor that is not known. */
  problem(cursor: string): { [member: string]: unknown } {
    const isTooOld = cursor.endsWith(this.tag) && Number.parseInt(cursor, 10) < this.oldest;
    const members = isTooOld ? { oldest: this.oldest } : {};
    return { code: "cursor_expired", title: "", status: 410, detail: "", ...members };
  }

  #answer(call: string, url: URL, body: { [key: string]: unknown } | null): Answer {
    switch (call) {
      case "GET /v1/inbox":
        return { status: 200, body: this.#inbox(url.searchParams) };
      case "GET /v1/users":
        return { status: 200, body: { users: this.#users(url.searchParams), next: null } };
      case "GET /v1/inbox/entries":
        return this.#feed(url.searchParams.get("after") ?? "0");
      case "POST /v1/conversations/c/messages":
        return this.#send(body as unknown as SendRequest);
      case "POST /v1/inbox/ack":
        this.acks.push(String(body?.cursor));
        return { status: 200, body: { position: this.entries.length } };
      default:
        return { status: 404, body: { code: "not_found", detail: call, status: 404 } };
    }
  }

  #inbox(query: URLSearchParams) {
    const messages = this.#messages();
    const last = messages.at(-1)?.data;
    const last_message = last
      ? {
          seq: last.seq,
          sender: last.sender,
          type: last.type,
          preview: (last.body as { text: string }).text,
          sent_at: last.sent_at,
          recalled: false,
        }
      : null;
    const read_seq = messages.findLast(({ data }) => data.sender === ME)?.data.seq ?? 0;
    const unread = messages.length - read_seq;
    const activity = messages.at(-1)?.position ?? 1;
    const row = summary("c", { last_message, unread, read_seq, activity });
    const ids = query.get("ids")?.split(",");
    const isShown = ids ? ids.includes("c") : query.get("archived") !== "true";
    const conversations = isShown ? [row] : [];
    return { conversations, total_unread: unread, next: null };
  }

  /** Only the own profile can be seen. */
  #users(query: URLSearchParams) {
    if (!query.get("ids")?.split(",").includes(ME)) return [];
    const nothing = { avatar: null, about: null, custom: null, last_seen: null };
    return [{ id: ME, display_name: this.name, kind: "user", deactivated: false, ...nothing }];
  }

  #feed(after: string): Answer {
    if (!this.knows(after)) return { status: 410, body: this.problem(after) };
    const entries = this.entries.slice(Number.parseInt(after, 10));
    return { status: 200, body: { entries, cursor: this.cursor, has_more: false } };
  }

  #send(request: SendRequest): Answer {
    const { client_message_id } = request;
    const known = this.#sendIds.get(client_message_id);
    const seq = known ?? this.#messages().length + 1;
    if (known === undefined) {
      const change = { sender: ME, body: request.body, client_message_id };
      this.#sendIds.set(client_message_id, seq);
      this.sent.push(request);
      this.#append(sent(this.entries.length + 1, seq, change));
    }
    const { position, sent_at } = message(seq, { position: this.entries.length });
    return { status: 201, body: { conversation_id: "c", seq, position, sent_at } };
  }

  #append(entry: Entry): void {
    this.entries.push(entry);
    const frame: ServerFrame = { type: "entry", entry, cursor: this.cursor };
    for (const socket of this.sockets) socket.push(frame);
  }

  #messages() {
    return this.entries.filter((entry) => entry.type === "message_sent");
  }
}

/** The server's end of a socket. */
export class FakeSocket {
  readonly OPEN = 1;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly #server: FakeServer;

  constructor(url: URL, server: FakeServer) {
    this.#server = server;
    setTimeout(() => this.#open(url.searchParams.get("after") ?? ""), 0);
  }

  send(data: string): void {
    const frame = JSON.parse(data) as { type: string; cursor?: string; token?: string };
    if (frame.type === "ack") this.#server.acks.push(frame.cursor!);
    if (frame.type === "token") {
      this.#server.tokens.push(frame.token!);
      this.push({ type: "token_renewed", expires_at: "" });
    }
  }

  close(): void {
    this.end(1000);
  }

  push(frame: ServerFrame): void {
    if (this.readyState === this.OPEN) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  end(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code });
  }

  #open(after: string): void {
    if (this.#server.refusesSockets) return this.end(1006);
    this.readyState = this.OPEN;
    this.#server.sockets.push(this);
    this.onopen?.();
    if (!this.#server.knows(after)) {
      this.push({ type: "problem", ...this.#server.problem(after) } as ServerFrame);
      return this.end(4410);
    }
    for (const entry of this.#server.entries.slice(Number.parseInt(after, 10))) {
      this.push({ type: "entry", entry, cursor: `${entry.position}.${this.#server.tag}` });
    }
    this.push({ type: "caught_up", cursor: this.#server.cursor });
  }
}

/** A token as the server would sign it. */
export function fakeToken(secondsLeft: number): string {
  const exp = Math.floor(Date.now() / 1000) + secondsLeft;
  const claims = Buffer.from(JSON.stringify({ sub: ME, exp })).toString("base64url");
  return `header.${claims}.signature`;
}
