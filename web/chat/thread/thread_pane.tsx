// A thread beside its conversation: the message it belongs to, the replies, and a field for more.
import { selectMessage, selectPending, selectThread } from "@tidings/client";
import type { StoredMessage } from "@tidings/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { showError } from "../../shared/toast.tsx";
import { Composer, type ComposerTask } from "../composer/composer.tsx";
import { useMembers } from "../conversation_pane.tsx";
import { Viewer } from "../files/viewer.tsx";
import { go } from "../route.ts";
import { useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { moveFocus } from "../timeline/keyboard.ts";
import { type MessageContext, MessageRow } from "../timeline/message_row.tsx";
import { PendingRow } from "../timeline/pending_row.tsx";
import { keyOf } from "../timeline/rows.ts";
import { useScroll } from "../timeline/scroll.ts";
import { mayWrite } from "../writing_rules.tsx";
import "./thread.css";

interface ThreadPaneProps {
  conversation: string;
  root: number;
}

export function ThreadPane({ conversation, root }: ThreadPaneProps) {
  const { client } = useSession();
  const rootMessage = useSelect(
    useMemo(() => selectMessage(conversation, root), [conversation, root]),
  );
  const [task, setTask] = useState<ComposerTask | null>(null);
  const members = useMembers(conversation);
  const [viewed, setViewed] = useState<number | null>(null);
  const context = useThreadContext(conversation, setTask, setViewed);
  useEffect(() => {
    client.threads.load(conversation, root).catch(showError);
    client.lists.followedThreads().catch(() => {});
  }, [conversation, root]);
  if (rootMessage === undefined || context === null) {
    return <p class="pane-notice soft">{t("loading")}</p>;
  }
  return (
    <>
      <FollowBar conversation={conversation} root={root} />
      <Replies root={rootMessage} context={context} />
      {context.canWrite && (
        <Composer
          conversation={conversation}
          thread={root}
          label={t("composerThread")}
          members={members}
          {...{ task, setTask }}
        />
      )}
      {viewed !== null && (
        <Viewer
          conversation={conversation}
          thread={root}
          seq={viewed}
          show={setViewed}
          close={() => setViewed(null)}
        />
      )}
    </>
  );
}

const NOTHING_PINNED: readonly number[] = [];

function useThreadContext(
  id: string,
  setTask: (task: ComposerTask) => void,
  setViewed: (seq: number) => void,
): MessageContext | null {
  const conversation = useSelect((state) => state.conversations.get(id));
  const pins = useSelect((state) => state.pins.get(id)?.seqs ?? NOTHING_PINNED);
  const readingPause = useRef(false);
  return useMemo(() => {
    if (conversation === undefined) return null;
    return {
      conversation: id,
      kind: conversation.kind,
      role: conversation.details?.role ?? null,
      canWrite: mayWrite(conversation),
      pinned: new Set(pins),
      inThread: true,
      readingPause,
      reply: (message: StoredMessage) => setTask({ act: "reply", message }),
      edit: (message: StoredMessage) => setTask({ act: "edit", message }),
      jumpTo: (seq: number) => go({ seq }),
      view: setViewed,
    };
  }, [conversation?.kind, conversation?.details, pins]);
}

/** Whether the user hears of new replies. */
function FollowBar({ conversation, root }: ThreadPaneProps) {
  const { client } = useSession();
  const followed = useSelect((state) =>
    state.followedThreads.items.some(
      (thread) => thread.conversation_id === conversation && thread.root === root,
    ),
  );
  return (
    <div class="follow-bar">
      <span class="soft">{t("followHint")}</span>
      <button
        type="button"
        class="button"
        aria-pressed={followed}
        onClick={() => {
          const done = followed
            ? client.threads.unfollow(conversation, root)
            : client.threads.follow(conversation, root);
          done.catch(showError);
        }}
      >
        <Icon name={followed ? "check" : "bell"} size={16} />
        {followed ? t("unfollow") : t("follow")}
      </button>
    </div>
  );
}

function Replies({ root, context }: { root: StoredMessage; context: MessageContext }) {
  const { client } = useSession();
  const { conversation_id: id, seq } = root;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | null>(null);
  const thread = useSelect(useMemo(() => selectThread(id, seq), [id, seq]));
  const pending = useSelect(useMemo(() => selectPending(id, seq), [id, seq]));
  const seqs = thread?.seqs ?? [];
  const last = seqs.at(-1) ?? 0;
  const count = root.replies?.count ?? seqs.length;
  useScroll({ scroller, endsWithNewest: true, onMove: () => {} });
  useEffect(() => {
    if (last > 0) client.threads.markRead(id, seq, last).catch(() => {});
  }, [last]);
  return (
    <div
      ref={scroller}
      class="timeline thread-timeline"
      tabIndex={-1}
      onKeyDown={(event) => moveFocus(event, scroller.current!)}
      onPointerLeave={() => setActive(null)}
      onFocusIn={(event) => {
        const row = (event.target as Element).closest<HTMLElement>("[data-key]");
        if (row !== null) setActive(row.dataset["key"]!);
      }}
    >
      <ol class="rows" aria-label={t("threadTitle")}>
        <Reply seq={seq} tabStop={last === 0} {...{ id, context, active, activate: setActive }} />
        <li class="thread-count soft" data-key="count">
          {count === 0 ? t("noReplies") : t("replies", { count })}
        </li>
        {thread?.hasOlder && (
          <li data-key="older">
            <button
              type="button"
              class="button"
              onClick={() => client.threads.loadOlder(id, seq).catch(showError)}
            >
              {t("older")}
            </button>
          </li>
        )}
        {seqs.map((reply) => (
          <Reply
            key={reply}
            seq={reply}
            tabStop={reply === last}
            {...{ id, context, active, activate: setActive }}
          />
        ))}
        {pending.map((item) => (
          <PendingRow key={item.id} item={item} first tabStop={false} />
        ))}
      </ol>
    </div>
  );
}

interface ReplyProps {
  id: string;
  seq: number;
  context: MessageContext;
  active: string | null;
  tabStop: boolean;
  activate: (key: string) => void;
}

function Reply({ id, seq, context, active, tabStop, activate }: ReplyProps) {
  const message = useSelect(useMemo(() => selectMessage(id, seq), [id, seq]));
  if (message === undefined) return null;
  const key = keyOf(message);
  return (
    <MessageRow
      rowKey={key}
      message={message}
      first
      context={context}
      active={key === active}
      marked={false}
      tabStop={tabStop}
      activate={activate}
    />
  );
}
