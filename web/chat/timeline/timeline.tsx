// The messages of a conversation: a window of rows that moves with the reader.
import type { Conversation } from "@tidings/client";
import { selectPending } from "@tidings/client";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { showError } from "../../shared/toast.tsx";
import { useTitle } from "../names.tsx";
import { sameItems, useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { dayName } from "../time.ts";
import { HeldRow } from "./held_row.tsx";
import { moveFocus } from "./keyboard.ts";
import { type MessageContext, MessageRow } from "./message_row.tsx";
import { PendingRow } from "./pending_row.tsx";
import { type Row, makeRows } from "./rows.ts";
import { type Scroll, useScroll } from "./scroll.ts";
import { type TimelineView, useTimeline } from "./use_timeline.ts";
import { useReading } from "./use_reading.ts";
import "./timeline.css";
import "./forced_colours.css";

interface TimelineProps {
  conversation: Conversation;
  /** The message to jump to, again at each visit. */
  seq: number | null;
  visit: number;
  context: MessageContext;
  /** Gives the caller the means to jump. */
  control: { current: TimelineControl | null };
}

export interface TimelineControl {
  jumpTo: (seq: number) => Promise<void>;
  toNewest: () => Promise<void>;
}

const EDGE = 800;

export function Timeline({ conversation, seq, visit, context, control }: TimelineProps) {
  const { id } = conversation;
  const title = useTitle(conversation);
  const view = useTimeline(id);
  const scroller = useRef<HTMLDivElement>(null);
  const { hovered, focused, hover, handlers } = useActive(scroller);
  const [marked, setMarked] = useState<number | null>(null);
  const opened = useRef({ readSeq: conversation.readSeq, unread: conversation.unread }).current;
  const rows = useRows(id, view, opened);

  const latest = useRef<() => void>(() => {});
  const { followsNewest: endsWithNewest } = view;
  const scroll = useScroll({ scroller, endsWithNewest, onMove: () => latest.current() });
  const pause = context.readingPause;
  const reading = useReading({ conversation, scroller, scroll, view, pause });
  latest.current = () => {
    loadAtEdges(scroller.current!, view);
    if (scroll.isAtBottom() && view.followsNewest) view.trim();
    reading.onMove();
  };
  useLayoutEffect(() => latest.current(), [rows, view.loads]);
  useJumps({ id, seq, visit, view, scroll, control, setMarked, opened });
  useOwnMessages(id, control);

  return (
    <div class="timeline-frame">
      <div
        ref={scroller}
        class="timeline"
        tabIndex={-1}
        onKeyDown={(event) => moveFocus(event, scroller.current!)}
        {...handlers}
      >
        <ol
          class="rows"
          aria-label={t("messages", { name: title })}
          aria-busy={view.messages === null}
        >
          <TimelineStart view={view} />
          {rows.map((row, at) => (
            <TimelineRow
              key={row.key}
              row={row}
              context={context}
              active={row.key === hovered || row.key === focused}
              marked={row.kind === "message" && row.message.seq === marked}
              tabStop={at === rows.length - 1}
              activate={hover}
            />
          ))}
        </ol>
      </div>
      {!reading.atNewest && <ToNewest unread={conversation.unread} control={control} />}
    </div>
  );
}

interface Opened {
  readSeq: number;
  unread: number;
}

function useRows(id: string, view: TimelineView, opened: Opened): Row[] {
  const { client } = useSession();
  const { messages, followsNewest } = view;
  const pending = useSelect(useMemo(() => selectPending(id), [id]));
  const held = useSelect(
    (state) => state.held.items.filter((item) => item.conversation_id === id && !item.thread),
    sameItems,
  );
  return useMemo(
    () =>
      makeRows({
        messages: messages ?? [],
        pending: followsNewest ? pending.filter((item) => !item.message.thread) : [],
        held: followsNewest ? held : [],
        me: client.state.me,
        unreadAfter: opened.unread > 0 ? opened.readSeq : null,
      }),
    [messages, followsNewest, pending, held],
  );
}

function loadAtEdges(element: HTMLElement, view: TimelineView): void {
  if (element.scrollTop < EDGE) view.loadOlder();
  const below = element.scrollHeight - element.scrollTop - element.clientHeight;
  if (below < EDGE) view.loadNewer();
}

/** What the user sends is shown, wherever they have scrolled to. */
function useOwnMessages(id: string, control: { current: TimelineControl | null }): void {
  const pending = useSelect(useMemo(() => selectPending(id), [id]));
  const last = pending.findLast((item) => !item.message.thread)?.id;
  useEffect(() => {
    if (last !== undefined) control.current?.toNewest().catch(showError);
  }, [last]);
}

interface ToNewestProps {
  unread: number;
  control: { current: TimelineControl | null };
}

function ToNewest({ unread, control }: ToNewestProps) {
  return (
    <button
      type="button"
      class="to-newest"
      onClick={() => control.current?.toNewest().catch(showError)}
    >
      <Icon name="down" size={18} />
      <span class={unread > 0 ? "" : "hidden-label"}>
        {unread > 0 ? t("newBelow", { count: unread }) : t("toNewest")}
      </span>
    </button>
  );
}

/** The rows that have the pointer and the focus. */
function useActive(scroller: { current: HTMLElement | null }) {
  const [hovered, setHovered] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const isMenuOpen = () =>
    scroller.current?.querySelector(".message-tools [aria-expanded=true]") != null;
  // An open menu belongs to its row until it is closed.
  const hover = useCallback((key: string | null) => {
    if (!isMenuOpen()) setHovered(key);
  }, []);
  const handlers = {
    onFocusIn: (event: FocusEvent) => setFocused(keyAround(event.target)),
    onFocusOut: (event: FocusEvent) => {
      if (event.relatedTarget === null && isMenuOpen()) return;
      setFocused(keyAround(event.relatedTarget));
    },
    onPointerLeave: () => hover(null),
  };
  return { hovered, focused, hover, handlers };
}

function keyAround(target: EventTarget | null): string | null {
  return (target as Element | null)?.closest<HTMLElement>("[data-key]")?.dataset["key"] ?? null;
}

function TimelineStart({ view }: { view: TimelineView }) {
  return (
    <li class="timeline-start" data-key="start">
      {view.messages === null || !view.isBeginning ? (
        <span class="soft">{t("loading")}</span>
      ) : (
        <span class="soft">{t("beginning")}</span>
      )}
    </li>
  );
}

interface TimelineRowProps {
  row: Row;
  context: MessageContext;
  active: boolean;
  marked: boolean;
  tabStop: boolean;
  activate: (key: string) => void;
}

function TimelineRow({ row, context, active, marked, tabStop, activate }: TimelineRowProps) {
  switch (row.kind) {
    case "day":
      return (
        <li class="day-line" data-key={row.key}>
          <time dateTime={row.day}>{dayName(row.day)}</time>
        </li>
      );
    case "unread":
      return (
        <li class="unread-line" data-key={row.key}>
          <span>{t("unreadLine")}</span>
        </li>
      );
    case "message":
      return (
        <MessageRow
          rowKey={row.key}
          message={row.message}
          first={row.first}
          {...{ context, active, marked, tabStop, activate }}
        />
      );
    case "pending":
      return <PendingRow item={row.item} first={row.first} tabStop={tabStop} />;
    case "held":
      return <HeldRow rowKey={row.key} held={row.held} />;
  }
}

interface JumpOptions {
  id: string;
  seq: number | null;
  visit: number;
  view: TimelineView;
  scroll: Scroll;
  control: { current: TimelineControl | null };
  opened: Opened;
  setMarked: (seq: number | null) => void;
}

/** Begins where the reader left off, and goes to messages that links and searches name. */
function useJumps(options: JumpOptions): void {
  const { id, seq, visit, view, scroll, control, opened, setMarked } = options;
  const jumpTo = async (target: number) => {
    await view.showAround(target);
    scroll.toRow(`[data-seq="${target}"]`);
    setMarked(target);
  };
  const toNewest = async () => {
    if (!view.followsNewest) await view.showNewest();
    scroll.toBottom();
  };
  control.current = { jumpTo, toNewest };

  useEffect(() => {
    if (seq !== null) jumpTo(seq).catch(showError);
  }, [id, seq, visit]);

  useEffect(() => {
    if (seq !== null) return;
    if (opened.unread === 0) view.showNewest().catch(showError);
    else {
      scroll.toRow(".unread-line");
      view.showFrom(opened.readSeq + 1).catch(showError);
    }
  }, [id]);
}
