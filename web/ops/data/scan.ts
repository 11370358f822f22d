// Finds the newest events that match a filter. The log is read forward only, so this reads ranges
// of it that go back from the head, longer and longer ones while they have few matches.
import type { LogEvent } from "./events.ts";

/** Reads the matching events after one position and up to another, at most `limit`. */
export type ReadRange = (after: number, upTo: number, limit: number) => Promise<LogEvent[]>;

export type Found = {
  /** The newest first. */
  events: LogEvent[];
  /** Everything after this position was read; 0 at the beginning of the log. */
  readTo: number;
};

/** The most events that one answer has, so a range of so many is always read completely. */
const LIMIT = 10_000;
const FIRST_RANGE = 250;
const GROWTH = 8;
/** So a filter without matches does not read a large log in one go. */
const MOST_RANGES = 8;

export async function findBefore(head: number, wanted: number, read: ReadRange): Promise<Found> {
  const events: LogEvent[] = [];
  let readTo = head;
  let range = FIRST_RANGE;
  for (let ranges = 0; ranges < MOST_RANGES && readTo > 0 && events.length < wanted; ranges += 1) {
    const after = Math.max(0, readTo - range);
    const found = await read(after, readTo, LIMIT);
    if (found.length === LIMIT && readTo - after > LIMIT) {
      // There may be more, and the answer has the oldest ones.
      range = LIMIT;
      continue;
    }
    events.push(...found.reverse());
    readTo = after;
    range *= GROWTH;
  }
  return keepWanted(events, wanted, readTo);
}

function keepWanted(events: LogEvent[], wanted: number, readTo: number): Found {
  const last = events[wanted - 1];
  if (events.length <= wanted || last === undefined) return { events, readTo };
  return { events: events.slice(0, wanted), readTo: last.position - 1 };
}
