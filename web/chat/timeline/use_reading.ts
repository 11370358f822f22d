// Marks messages as read once they have been on a visible screen, and reads new ones out.
import type { Conversation } from "@tidings/client";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useSession } from "../session.ts";
import type { Scroll } from "./scroll.ts";
import type { TimelineView } from "./use_timeline.ts";

interface ReadingOptions {
  conversation: Conversation;
  scroller: RefObject<HTMLElement | null>;
  scroll: Scroll;
  view: TimelineView;
  /** After "mark unread from here" the mark stays until the conversation is opened again. */
  pause: { current: boolean };
}

export interface Reading {
  /** Whether the newest message is on the screen. */
  atNewest: boolean;
  onMove: () => void;
}

export function useReading(options: ReadingOptions): Reading {
  const { conversation, scroller, scroll, view, pause } = options;
  const { client } = useSession();
  const [atNewest, setAtNewest] = useState(true);
  const mark = useRef(0);
  mark.current = Math.max(mark.current, conversation.readSeq);

  const onMove = () => {
    if (view.messages === null) return;
    const atEnd = view.followsNewest && scroll.isAtBottom();
    setAtNewest(atEnd);
    if (document.visibilityState !== "visible" || pause.current) return;
    const seen = atEnd ? view.lastSeq : lastSeenSeq(scroller.current!);
    if (seen > mark.current) {
      mark.current = seen;
      client.conversations.markRead(conversation.id, seen);
    }
  };
  const latest = useRef(onMove);
  latest.current = onMove;
  useEffect(() => {
    const onVisible = () => latest.current();
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, []);
  return { atNewest, onMove };
}

/** The seq of the last message that is completely above the lower edge. */
function lastSeenSeq(scroller: HTMLElement): number {
  const edge = scroller.getBoundingClientRect().bottom;
  const rows = scroller.querySelectorAll<HTMLElement>(".message[data-seq]");
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at]!;
    if (row.getBoundingClientRect().bottom <= edge + 1) return Number(row.dataset["seq"]);
  }
  return 0;
}
