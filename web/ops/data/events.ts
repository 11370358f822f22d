// Events of the log, as `GET /v1/events` answers them, and how a row of the browser shows one.

export type LogEvent = {
  id: string;
  source: string;
  type: string;
  time: string;
  position: number;
  sequence: number;
  conversation?: string;
  actor?: string;
  data: Record<string, unknown>;
};

export type EventFilter = {
  type: string;
  source: string;
  user: string;
  since: string;
  until: string;
};

export const NO_FILTER: EventFilter = { type: "", source: "", user: "", since: "", until: "" };

export const SOURCES = ["conversations", "mailboxes", "profiles", "cases", "deployment"] as const;

/** One event for each line that is not empty. */
export function parseEvents(text: string): LogEvent[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as LogEvent);
}

/** The type without its prefix and version: `tidings.message_sent.v1` is a `message_sent`. */
export function shortType(type: string): string {
  return type.replace(/^tidings\./, "").replace(/\.v\d+$/, "");
}

/** Who did it: the caller, or the user that the data or the source names. */
export function author(event: LogEvent): string {
  const { actor, data, source } = event;
  for (const name of [actor, data.sender, data.by, data.reporter]) {
    if (typeof name === "string" && name !== "") return name;
  }
  const [, kind, id] = /^\/(mailboxes|profiles)\/(.+)$/.exec(source) ?? [];
  if (kind !== undefined && id !== undefined) return id;
  return typeof data.user === "string" ? data.user : "";
}

/** Whose view an event changes: the one of whom a page about the past is worth a look. */
export function concerned(event: LogEvent): string {
  const { data, source } = event;
  const owner = /^\/(?:mailboxes|profiles)\/(.+)$/.exec(source)?.[1];
  for (const name of [owner, data.user, data.sender, data.by]) {
    if (typeof name === "string" && name !== "") return name;
  }
  return "";
}

/** What an event says, in one line: the text of a message, else its fields. */
export function summarise(event: LogEvent): string {
  const { body, ...rest } = event.data;
  const text = textOf(body);
  const facts = Object.entries(rest).filter(([name]) => !OBVIOUS.has(name));
  if (text !== null) return text;
  return facts.map(([name, value]) => `${name}: ${show(value)}`).join(" · ");
}

/** Shown elsewhere in the row, or of no interest in one line. */
const OBVIOUS = new Set(["by", "sender", "client_message_id", "stay", "type", "sent_at", "digest"]);
const LONGEST_VALUE = 80;

function textOf(body: unknown): string | null {
  if (typeof body !== "object" || body === null) return null;
  const text = (body as Record<string, unknown>).text;
  return typeof text === "string" ? text : null;
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
