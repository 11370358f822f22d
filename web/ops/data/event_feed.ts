// The events that the browser shows: the newest that match, older ones on request, and new ones
// while it follows the log.
import { useEffect, useRef, useState } from "preact/hooks";
import type { EventFilter, LogEvent } from "./events.ts";
import { startPoll } from "./poll.ts";
import { findBefore } from "./scan.ts";
import { adviceOf, type Session } from "./session.ts";

const PAGE = 50;
const FOLLOW_MS = 2000;
/** So a busy log does not fill the page; the newest stay. */
const MOST_SHOWN = 2000;
/** A position that no log reaches: the answer has no events, and says where the head is. */
const BEYOND = Number.MAX_SAFE_INTEGER;

export type EventFeed = {
  events: readonly LogEvent[];
  /** Everything after this position was searched. */
  readTo: number | null;
  isLoading: boolean;
  error: unknown;
  loadOlder: () => void;
  reload: () => void;
};

/** What is shown. `head` is the newest position that was read. */
export type Shown = { events: readonly LogEvent[]; readTo: number | null; head: number };
const NOTHING: Shown = { events: [], readTo: null, head: 0 };

/** Puts newer events, in the order of the log, before those that are shown. */
export function addNewer(shown: Shown, events: readonly LogEvent[], head: number): Shown {
  const all = [...events.toReversed(), ...shown.events];
  const kept = all.slice(0, MOST_SHOWN);
  const oldest = kept.at(-1)?.position;
  // Older ones continue after what was kept.
  const readTo = all.length > kept.length && oldest !== undefined ? oldest - 1 : shown.readTo;
  return { events: kept, readTo, head: Math.max(shown.head, head) };
}

export function useEventFeed(
  session: Session,
  filter: EventFilter,
  upTo: number | null,
  isFollowing: boolean,
): EventFeed {
  const [shown, setShown] = useState(NOTHING);
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const key = JSON.stringify([filter, upTo, round]);

  const load = async (find: () => Promise<Shown>, isCurrent: () => boolean) => {
    setLoading(true);
    setError(null);
    try {
      const next = await find();
      if (isCurrent()) setShown(next);
    } catch (failure) {
      if (isCurrent()) setError(failure);
    } finally {
      if (isCurrent()) setLoading(false);
    }
  };
  useEffect(() => {
    let isCurrent = true;
    setShown(NOTHING);
    void load(() => findNewest(session, filter, upTo), () => isCurrent);
    return () => void (isCurrent = false);
  }, [session, key]);
  useFollow(session, key, isFollowing && !isLoading, shown, setShown, setError);

  const loadOlder = () => {
    const { readTo } = shown;
    if (readTo !== null && readTo > 0) {
      void load(() => findOlder(session, filter, shown, readTo), () => true);
    }
  };
  const reload = () => setRound((count) => count + 1);
  return { events: shown.events, readTo: shown.readTo, isLoading, error, loadOlder, reload };
}

function useFollow(
  session: Session,
  key: string,
  isOn: boolean,
  shown: Shown,
  show: (change: (before: Shown) => Shown) => void,
  fail: (error: unknown) => void,
): void {
  const current = useRef(shown);
  current.current = shown;
  useEffect(() => {
    if (!isOn) return;
    const [filter] = JSON.parse(key) as [EventFilter];
    const poll = startPoll({
      every: FOLLOW_MS,
      ask: () => session.readEvents(filter, current.current.head, null, MOST_SHOWN),
      onAnswer: ({ events, head }) => {
        const isAll = events.length < MOST_SHOWN;
        const last = isAll ? head : (events.at(-1)?.position ?? head);
        show((before) => addNewer(before, events, last));
      },
      onFailure: fail,
      advice: adviceOf,
    });
    return () => poll.stop();
  }, [session, key, isOn]);
}

async function findNewest(session: Session, filter: EventFilter, upTo: number | null) {
  const { head } = await session.readEvents(filter, BEYOND, null, 1);
  const last = upTo === null ? head : Math.min(upTo, head);
  return { ...(await searchBefore(session, filter, last)), head: last };
}

async function findOlder(session: Session, filter: EventFilter, shown: Shown, readTo: number) {
  const older = await searchBefore(session, filter, readTo);
  return { ...shown, readTo: older.readTo, events: [...shown.events, ...older.events] };
}

function searchBefore(session: Session, filter: EventFilter, position: number) {
  return findBefore(position, PAGE, async (after, last, limit) => {
    return (await session.readEvents(filter, after, last, limit)).events;
  });
}
