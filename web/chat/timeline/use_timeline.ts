// What a timeline shows of a conversation, and how it loads the rest.
import { listMessages, rangeOf, selectTimeline } from "@tidings/client";
import type { SeqRange, StoredMessage, Timeline } from "@tidings/client";
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { showError } from "../../shared/toast.tsx";
import { useSelect, useSession } from "../session.ts";
import { isShown } from "./rows.ts";
import { type HasRow, type View } from "./view.ts";
import { growNewer, growOlder, trimOlder, viewAround, viewOfNewest } from "./view.ts";

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
  /** How many pages have been loaded at the edges. One without rows may not be the last. */
  loads: number;
  /** Lets go of what is far above, while the reader is at the end. */
  trim: () => void;
}

const FIRST_PAGE = 80;
const NEXT_PAGE = 100;
const MOST_UNREAD_AT_ONCE = 150;

export function useTimeline(id: string): TimelineView {
  const [view, setView] = useState<View | null>(null);
  const part = usePart(id, view);
  const showing = useShowing(id, setView);
  const paging = usePaging(id, part, setView);
  useReload(view, part, showing);
  const { range, from, last, isHead, messages, hasRow } = part;
  const isFirst = range !== undefined && from === range.from;
  return {
    messages,
    followsNewest: view?.to === null && isHead,
    lastSeq: last,
    isBeginning: isFirst && (from <= 1 || paging.hasNoOlder()),
    ...showing,
    loadOlder: paging.loadOlder,
    loadNewer: paging.loadNewer,
    loads: paging.loads,
    trim: () => {
      if (view !== null && range !== undefined) setView(trimOlder(view, range, hasRow));
    },
  };
}

type SetView = (view: View | null | ((now: View | null) => View | null)) => void;

/** What of the conversation is in a view. */
interface Part {
  view: View | null;
  /** The range that is known completely around the view; undefined if it has been dropped. */
  range: SeqRange | undefined;
  /** Whether the range ends with the newest message. */
  isHead: boolean;
  from: number;
  last: number;
  messages: readonly StoredMessage[] | null;
  hasRow: HasRow;
}

function usePart(id: string, view: View | null): Part {
  const { client } = useSession();
  const timeline = useSelect(useMemo(() => selectTimeline(id), [id]));
  const outbox = useSelect((state) => state.outbox);
  const range = view === null ? undefined : findRange(timeline, view.to ?? undefined);
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
  const hasRow = (seq: number) => {
    const message = timeline?.messages.get(seq);
    return message !== undefined && isShown(message);
  };
  return { view, range, isHead, from, last, messages, hasRow };
}

type Showing = Pick<TimelineView, "showNewest" | "showAround" | "showFrom">;

function useShowing(id: string, setView: SetView): Showing {
  const { client } = useSession();
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
  return { showNewest, showAround, showFrom };
}

function usePaging(id: string, { view, range, isHead, hasRow }: Part, setView: SetView) {
  const { client } = useSession();
  const loading = useRef(false);
  const hasNoOlder = useRef(false);
  const [loads, countLoad] = useReducer((count: number) => count + 1, 0);

  /**
   * One page at a time; what fails for want of a connection is asked again by scrolling. What has
   * arrived is drawn, and if the reader is still at the edge then, the view grows into it. It must
   * not grow here as well: twice as many rows at once would take twice as long.
   */
  const load = async (page: () => Promise<void>) => {
    if (loading.current) return;
    loading.current = true;
    try {
      await page();
    } catch {
      return;
    } finally {
      loading.current = false;
    }
    countLoad(undefined);
  };
  const loadOlder = () => {
    if (view === null || range === undefined) return;
    if (view.from > range.from) return setView(growOlder(view, range, hasRow));
    if (range.from <= 1 || hasNoOlder.current) return;
    void load(async () => {
      await client.messages.loadOlder(id, range.from, NEXT_PAGE);
      // By its first seq: the store may have let go of what is far below meanwhile.
      const grown = findRange(client.state.timelines.get(id), range.from);
      hasNoOlder.current = grown?.from === range.from;
    });
  };
  const loadNewer = () => {
    if (view === null || range === undefined || view.to === null) return;
    if (view.to < range.to || isHead) return setView(growNewer(view, range, isHead, hasRow));
    void load(() => client.messages.loadNewer(id, range.to, NEXT_PAGE));
  };
  return { loadOlder, loadNewer, loads, hasNoOlder: () => hasNoOlder.current };
}

const CONNECTED = ["live", "polling", "following"];

/**
 * The store may have dropped the range, after a long absence or for want of room, or the first page
 * could not be loaded without a connection. What the reader looks at is then loaded again.
 */
function useReload(view: View | null, { range }: Part, showing: Showing): void {
  const status = useSelect((state) => state.connection.status);
  const isConnected = CONNECTED.includes(status);
  const wasConnected = useRef(isConnected);
  useEffect(() => {
    const returned = isConnected && !wasConnected.current;
    wasConnected.current = isConnected;
    if (!isConnected || range !== undefined || (view === null && !returned)) return;
    const { showNewest, showAround } = showing;
    const again = view?.to == null ? showNewest() : showAround((view.from + view.to) >> 1);
    again.catch(showError);
  }, [range === undefined, isConnected]);
}

const NO_MESSAGES: SeqRange = { from: 1, to: 0 };

/** The range around a seq, or the newest one, which is empty in an empty conversation. */
function findRange(timeline: Timeline | undefined, seq?: number): SeqRange | undefined {
  const isEmpty = timeline?.atHead === true && timeline.ranges.length === 0;
  return isEmpty && seq === undefined ? NO_MESSAGES : rangeOf(timeline, seq);
}
