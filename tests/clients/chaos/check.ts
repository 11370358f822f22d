// Compares what a client holds with what the API says. It reads the API itself, not through the
// client.
import { isDeepStrictEqual } from "node:util";
import type { Conversation, StoredMessage, Timeline, components } from "@tidings/client";
import type { Participant } from "./participant.ts";
import type { System } from "./system.ts";

type Message = components["schemas"]["Message"];
type Row = components["schemas"]["InboxConversation"];

/** Calls the API of a system as one user. */
export class Reader {
  readonly #system: System;
  readonly #user: string;

  constructor(system: System, user: string) {
    this.#system = system;
    this.#user = user;
  }

  async get<T>(path: string, query: Record<string, string | number | boolean> = {}): Promise<T> {
    const url = new URL(path, this.#system.url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, `${value}`);
    const headers = { Authorization: `Bearer ${this.#system.token(this.#user)}` };
    const response = await fetch(url, { headers });
    if (!response.ok) throw new Error(`GET ${url.pathname}: ${response.status}`);
    return (await response.json()) as T;
  }

  async inbox(archived: boolean): Promise<{ rows: Row[]; total: number }> {
    const rows: Row[] = [];
    let after: string | null = null;
    let total = 0;
    do {
      const query = { archived, limit: 200, ...(after ? { after } : {}) };
      const page: components["schemas"]["Inbox"] = await this.get("/v1/inbox", query);
      rows.push(...page.conversations);
      [after, total] = [page.next, page.total_unread];
    } while (after);
    return { rows, total };
  }

  /** The messages of a conversation from one seq to another. */
  async messages(id: string, from: number, to: number): Promise<Message[]> {
    const found: Message[] = [];
    for (let after = from - 1; after < to; ) {
      const path = `/v1/conversations/${id}/messages`;
      const page: components["schemas"]["HistoryPage"] = await this.get(path, { after, limit: 50 });
      found.push(...page.messages.filter((message) => message.seq <= to));
      const last = page.messages.at(-1)?.seq;
      if (!page.has_more || last === undefined) break;
      after = last;
    }
    return found;
  }
}

/** All differences, as lines; none if the client holds what the API says. */
export async function compare(participant: Participant, system: System): Promise<string[]> {
  const reader = new Reader(system, participant.user);
  const differences: string[] = [];
  for (const compareSome of [compareInbox, compareTimelines, compareParts]) {
    // A conversation that the client holds and the user may not read is a difference too.
    const lines = await compareSome(participant, reader).catch((error) => [String(error)]);
    differences.push(...lines);
  }
  for (const item of participant.state.outbox) {
    const isRefused = item.status === "failed" && (item.error?.status ?? 0) >= 400;
    if (!isRefused) differences.push(`the outbox still has ${JSON.stringify(item)}`);
  }
  return differences.map((line) => `${participant.user}/${participant.device}: ${line}`);
}

async function compareInbox({ state }: Participant, reader: Reader): Promise<string[]> {
  const { rows, total } = await reader.inbox(false);
  const archived = (await reader.inbox(true)).rows;
  const lines: string[] = [];
  expect(lines, "order of the inbox", state.inbox.order, rows.map((row) => row.id));
  expect(lines, "order of the archive", state.inbox.archived, archived.map((row) => row.id));
  expect(lines, "total unread", state.inbox.totalUnread, total);
  for (const row of [...rows, ...archived]) {
    const held = state.conversations.get(row.id);
    expect(lines, `row ${row.id}`, held && rowOf(held), { ...row, peer: row.peer ?? null });
  }
  return lines;
}

function rowOf(held: Conversation): object {
  return {
    id: held.id,
    kind: held.kind,
    title: held.title,
    avatar: held.avatar,
    member_count: held.memberCount,
    last_message: held.lastMessage,
    unread: held.unread,
    mentions: held.mentions,
    read_seq: held.readSeq,
    muted: held.muted,
    pinned: held.pinned,
    archived: held.archived,
    activity: held.activity,
    peer: held.peer,
  };
}

async function compareTimelines({ state, user }: Participant, reader: Reader): Promise<string[]> {
  const lines: string[] = [];
  for (const [id, timeline] of state.timelines) {
    if (!state.conversations.has(id)) {
      lines.push(`messages of ${id}, which is not in the inbox`);
      continue;
    }
    const single = [...timeline.messages.keys()].map((seq) => ({ from: seq, to: seq }));
    for (const { from, to } of [...timeline.ranges, ...outside(timeline, single)]) {
      const messages = await reader.messages(id, from, to);
      compareRange(lines, id, timeline, { from, to, messages, user });
    }
  }
  return lines;
}

function outside(timeline: Timeline, single: { from: number; to: number }[]) {
  return single.filter(
    ({ from }) => !timeline.ranges.some((range) => range.from <= from && from <= range.to),
  );
}

function compareRange(
  lines: string[],
  id: string,
  timeline: Timeline,
  range: { from: number; to: number; messages: Message[]; user: string },
): void {
  const held: number[] = [];
  for (let seq = range.from; seq <= range.to; seq += 1) {
    if (timeline.messages.has(seq)) held.push(seq);
  }
  const seqs = range.messages.map((message) => message.seq);
  expect(lines, `seqs ${range.from} to ${range.to} of ${id}`, held, seqs);
  for (const message of range.messages) {
    const stored = timeline.messages.get(message.seq);
    const name = `message ${message.seq} of ${id}`;
    expect(lines, name, stored && withoutAsOf(stored), normalize(message, range.user));
  }
}

function withoutAsOf({ asOf: _, ...message }: StoredMessage): object {
  return message;
}

/** The server's message in the form of the store. */
function normalize(message: Message, user: string): object {
  const reactions = Object.entries(message.reactions).map(([key, users]) => {
    if (!Array.isArray(users)) return [key, users];
    return [key, { count: users.length, mine: users.includes(user), users }];
  });
  // What the server says of the file is in the body too.
  const { truncated: _, file: _file, ...rest } = message as Message & { file?: unknown };
  return {
    ...rest,
    reactions: Object.fromEntries(reactions),
    replies: message.replies ?? null,
    client_message_id: message.client_message_id ?? null,
  };
}

/** Members and pins, where they are loaded. */
async function compareParts({ state }: Participant, reader: Reader): Promise<string[]> {
  const lines: string[] = [];
  for (const [id, list] of state.members) {
    const path = `/v1/conversations/${id}/members`;
    const page: components["schemas"]["Members"] = await reader.get(path, { limit: 1_000 });
    const members = page.members.map(({ user, role }) => ({ user, role }));
    const held = list.members.map(({ user, role }) => ({ user, role }));
    expect(lines, `members of ${id}`, held, members);
  }
  for (const [id, list] of state.pins) {
    const path = `/v1/conversations/${id}/pins`;
    const page: components["schemas"]["PinnedMessages"] = await reader.get(path, { limit: 100 });
    expect(lines, `pins of ${id}`, list.seqs, page.messages.map((message) => message.seq));
  }
  return lines;
}

function expect(lines: string[], what: string, held: unknown, said: unknown): void {
  if (isDeepStrictEqual(held, said)) return;
  lines.push(`${what}:\n    holds ${JSON.stringify(held)}\n    API   ${JSON.stringify(said)}`);
}
