// What a timeline shows of a conversation, and how it loads the rest.
import { listMessages, rangeOf, selectTimeline } from "@tidings/client";
import type { SeqRange, StoredMessage, Timeline } from "@tidings/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { showError } from "../../shared/toast.tsx";
import { useSelect, useSession } from "../session.ts";
import { isShown } from "./rows.ts";
import { type View, growNewer, growOlder, trimOlder, viewAround, viewOfNewest } from "./view.ts";

export interface TimelineView {
  /** The messages of the view, oldest first; null before the first of them are known. */
  messages: readonly StoredMessage[] | null;
  /** Whether the view ends with the newest message. */
  followsNewest: boolean;
  /** The last seq of the view. */
  lastSeq: number;
  /** Whether the view begins with the first message that the user may see. */
  isBeginning: boolean;
  showNewest: () => Promise<void>;
  /** Shows what surrounds a seq. */
  showAround: (seq: number) => Promise<void>;
  /** Shows the newest messages down from a seq, or what surrounds it where that is too much. */
  showFrom: (seq: number) => Promise<void>;
  loadOlder: () => void;
  loadNewer: () => void;
  /** Lets go of what is far above, while the reader is at the end. */
  trim: () => void;
}

const FIRST_PAGE = 80;
const NEXT_PAGE = 100;
const MOST_UNREAD_AT_ONCE = 150;

export function useTimeline(id: string): TimelineView {
  const { client } = useSession();
  const timeline = useSelect(useMemo(() => selectTimeline(id), [id]));
  const outbox = useSelect((state) => state.outbox);
  const connection = useSelect((state) => state.connection.status);
  const [view, setView] = useState<View | null>(null);
  const loading = useRef(false);
  const ends = useRef({ older: false });

  const inView = view === null ? undefined : (view.to ?? undefined);
  const range = view === null ? undefined : findRange(timeline, inView);
  const isHead = range !== undefined && range === findRange(timeline);
  const last = view?.to ?? range?.to ?? 0;
  const from = Math.max(view?.from ?? 0, range?.from ?? 0);
  const shown = useRef<readonly StoredMessage[] | null>(null);
  const messages = useMemo(() => {
    // While a lost range is loaded again, what was shown stays.
    if (range !== undefined) {
      shown.current = listMessages(client.state, id, from, last).filter(isShown);
    }
    return shown.current;
  }, [timeline, outbox, from, last, range === undefined]);

  const rangeNow = (seq?: number) => findRange(client.state.timelines.get(id), seq);
  const showNewest = async () => {
    await client.messages.loadLatest(id, FIRST_PAGE);
    const newest = rangeNow();
    if (newest !== undefined) setView(viewOfNewest(newest));
  };
  const showAround = async (seq: number) => {
    await client.messages.loadAround(id, seq, FIRST_PAGE);
    const found = rangeNow(seq);
    if (found === undefined) return showNewest();
    setView(viewAround(found, seq, found === rangeNow()));
  };
  const showFrom = async (seq: number) => {
    await client.messages.loadLatest(id, FIRST_PAGE);
    const newest = rangeNow();
    if (newest === undefined || seq < newest.from || newest.to - seq > MOST_UNREAD_AT_ONCE) {
      return showAround(seq);
    }
    setView(viewOfNewest(newest, seq));
  };

  /** One page at a time; what fails for want of a connection is asked again by scrolling. */
  const load = (page: () => Promise<void>) => {
    if (loading.current) return;
    loading.current = true;
    page()
      .catch(() => {})
      .finally(() => (loading.current = false));
  };
  const loadOlder = () => {
    if (view === null || range === undefined) return;
    if (view.from > range.from) return setView(growOlder(view, range));
    if (range.from <= 1 || ends.current.older) return;
    load(async () => {
      await client.messages.loadOlder(id, range.from, NEXT_PAGE);
      const grown = rangeNow(range.to);
      ends.current.older = grown?.from === range.from;
      if (grown !== undefined) setView((now) => now && growOlder(now, grown));
    });
  };
  const loadNewer = () => {
    if (view === null || range === undefined || view.to === null) return;
    if (view.to < range.to || isHead) return setView(growNewer(view, range, isHead));
    load(async () => {
      await client.messages.loadNewer(id, range.to, NEXT_PAGE);
      const grown = rangeNow(range.to);
      const head = grown === rangeNow();
      if (grown !== undefined) setView((now) => now && growNewer(now, grown, head));
    });
  };

  // The store may have dropped the range, after a long absence or for want of room. What the
  // reader looks at is loaded again.
  const lost = view !== null && range === undefined;
  useEffect(() => {
    if (lost && (connection === "live" || connection === "polling" || connection === "following")) {
      const again = view.to === null ? showNewest() : showAround((view.from + view.to) >> 1);
      again.catch(showError);
    }
  }, [lost, connection]);

  return {
    messages,
    followsNewest: view?.to === null && isHead,
    lastSeq: last,
    isBeginning: range !== undefined && from === range.from && (from <= 1 || ends.current.older),
    showNewest,
    showAround,
    showFrom,
    loadOlder,
    loadNewer,
    trim: () => {
      if (view !== null && range !== undefined) setView(trimOlder(view, range));
    },
  };
}

const NO_MESSAGES: SeqRange = { from: 1, to: 0 };

/** The range around a seq, or the newest one, which has nothing in a conversation without messages. */
function findRange(timeline: Timeline | undefined, seq?: number): SeqRange | undefined {
  const isEmpty = timeline?.atHead === true && timeline.ranges.length === 0;
  return isEmpty && seq === undefined ? NO_MESSAGES : rangeOf(timeline, seq);
}
