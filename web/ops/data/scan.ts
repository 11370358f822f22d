// Finds the newest of what stands at positions of the log and matches a filter. The API reads
// forward only, so this reads ranges that go back from the head, longer and longer ones while they
// have few matches.

/** An event, or an entry of the audit. */
export type Placed = { position: number };

/** Reads what matches after one position and up to another, at most `limit`. */
export type ReadRange<T> = (after: number, upTo: number, limit: number) => Promise<T[]>;

export type Found<T> = {
  /** The newest first. */
  events: T[];
  /** Everything after this position was read; 0 at the beginning of the log. */
  readTo: number;
};

/** The most events that one answer has, so a range of so many is always read completely. */
const LIMIT = 10_000;
const FIRST_RANGE = 250;
const GROWTH = 8;
/** So a filter without matches does not read a large log in one go. */
const MOST_RANGES = 8;

export async function findBefore<T extends Placed>(
  head: number,
  wanted: number,
  read: ReadRange<T>,
): Promise<Found<T>> {
  const events: T[] = [];
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

/** Several entries of the audit can have one position; they stay together. */
function keepWanted<T extends Placed>(events: T[], wanted: number, readTo: number): Found<T> {
  const last = events[wanted - 1]?.position;
  const next = last === undefined ? -1 : events.findIndex(({ position }) => position < last);
  if (last === undefined || next === -1) return { events, readTo };
  return { events: events.slice(0, next), readTo: last - 1 };
}
