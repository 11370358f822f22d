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

type Found = { events: readonly LogEvent[]; readTo: number | null; head: number };
const NOTHING: Found = { events: [], readTo: null, head: 0 };

export function useEventFeed(
  session: Session,
  filter: EventFilter,
  upTo: number | null,
  isFollowing: boolean,
): EventFeed {
  const [found, setFound] = useState(NOTHING);
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const current = useRef(found);
  current.current = found;
  const key = JSON.stringify([filter, upTo, round]);

  const searchBefore = async (position: number) =>
    findBefore(position, PAGE, async (after, last, limit) => {
      return (await session.readEvents(filter, after, last, limit)).events;
    });
  const load = async (isCurrent: () => boolean) => {
    setLoading(true);
    setError(null);
    setFound(NOTHING);
    try {
      const { head } = await session.readEvents(filter, BEYOND, null, 1);
      const last = upTo === null ? head : Math.min(upTo, head);
      const page = await searchBefore(last);
      if (isCurrent()) setFound({ ...page, head: last });
    } catch (failure) {
      if (isCurrent()) setError(failure);
    } finally {
      if (isCurrent()) setLoading(false);
    }
  };
  useEffect(() => {
    let isCurrent = true;
    void load(() => isCurrent);
    return () => void (isCurrent = false);
  }, [session, key]);

  useEffect(() => {
    if (!isFollowing || isLoading) return;
    const poll = startPoll({
      every: FOLLOW_MS,
      ask: () => session.readEvents(filter, current.current.head, null, MOST_SHOWN),
      onAnswer: ({ events, head }) => {
        const last = events.length === MOST_SHOWN ? (events.at(-1)?.position ?? head) : head;
        setFound((before) => ({
          ...before,
          head: Math.max(before.head, last),
          events: [...events.reverse(), ...before.events].slice(0, MOST_SHOWN),
        }));
      },
      onFailure: setError,
      advice: adviceOf,
    });
    return () => poll.stop();
  }, [session, key, isFollowing, isLoading]);

  const loadOlder = async () => {
    const { readTo } = found;
    if (readTo === null || readTo === 0) return;
    setLoading(true);
    try {
      const page = await searchBefore(readTo);
      setFound((before) => ({
        ...before,
        readTo: page.readTo,
        events: [...before.events, ...page.events],
      }));
      setError(null);
    } catch (failure) {
      setError(failure);
    } finally {
      setLoading(false);
    }
  };
  const { events, readTo } = found;
  const reload = () => setRound((count) => count + 1);
  return { events, readTo, isLoading, error, loadOlder, reload };
}
