// The moments of the log that a slider shows, and what an event changes in somebody's inbox.

/** The steps of the slider: fine enough for a screen, and quick to pass by keyboard. */
export const STEPS = 1000;

export interface Span {
  from: number;
  to: number;
}

/** The time at a step of the slider. */
export function timeAtStep(span: Span, step: number): number {
  const share = Math.min(Math.max(step, 0), STEPS) / STEPS;
  return Math.round(span.from + (span.to - span.from) * share);
}

/** The step that is closest to a time. */
export function stepAtTime(span: Span, time: number): number {
  if (span.to <= span.from) return STEPS;
  const share = (time - span.from) / (span.to - span.from);
  return Math.round(Math.min(Math.max(share, 0), 1) * STEPS);
}

export interface LogEvent {
  position: number;
  type: string;
  time: string;
  source: string;
  conversation?: string;
  data: Record<string, unknown>;
}

/** The events of an answer in JSON lines. */
export function readLines(text: string): LogEvent[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as LogEvent);
}

/** The short name of a type: `message_sent` of `tidings.message_sent.v1`. */
export function shortType(type: string): string {
  return type.replace(/^tidings\./u, "").replace(/\.v\d+$/u, "");
}

/** Whether an event can change what a user's inbox shows. */
export function concernsInbox(
  event: LogEvent,
  user: string,
  conversations: ReadonlySet<string>,
): boolean {
  if (event.source === `/mailboxes/${user}`) return true;
  if (event.conversation === undefined) return false;
  return conversations.has(event.conversation) || namesMember(event.data, user);
}

/** The event that lets a user join may come from a conversation of which nothing else is known. */
function namesMember(data: Record<string, unknown>, user: string): boolean {
  const members = Array.isArray(data["members"]) ? data["members"] : [];
  const users = Array.isArray(data["users"]) ? data["users"] : [];
  const isNamed = (member: unknown) =>
    member === user || (member as { user?: unknown } | null)?.user === user;
  return data["user"] === user || members.some(isNamed) || users.some(isNamed);
}

export interface InboxRow {
  id: string;
  unread: number;
  last_message: { seq: number } | null;
}

export type Difference = "same" | "absent" | "changed";

/** How a conversation of one inbox compares with the other inbox. */
export function compareRow<Row extends InboxRow>(row: Row, other: Row | undefined): Difference {
  if (other === undefined) return "absent";
  const isSame =
    row.unread === other.unread && row.last_message?.seq === other.last_message?.seq;
  return isSame ? "same" : "changed";
}
