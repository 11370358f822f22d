// One conversation: its header, its messages and the field to write in.
import { selectConversation } from "@tidings/client";
import type { Client, Conversation, StoredMessage } from "@tidings/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { showError } from "../shared/toast.tsx";
import { Composer, type ComposerTask } from "./composer/composer.tsx";
import { ConversationHeader } from "./conversation_header.tsx";
import { SessionBar } from "./desks/session_bar.tsx";
import { NoWriting, useDeskWriting } from "./desks/writing.tsx";
import { Viewer } from "./files/viewer.tsx";
import { useTitle } from "./names.tsx";
import { sameItems, useSelect, useSession } from "./session.ts";
import { t } from "./texts.ts";
import { Announcer } from "./timeline/announcer.tsx";
import type { MessageContext } from "./timeline/message_context.ts";
import { Timeline, type TimelineControl } from "./timeline/timeline.tsx";
import { TypingLine } from "./timeline/typing_line.tsx";
import { WritingRules, mayWrite, slowModeHint } from "./writing_rules.tsx";

interface ConversationPaneProps {
  id: string;
  seq: number | null;
  visit: number;
}

export function ConversationPane({ id, seq, visit }: ConversationPaneProps) {
  const conversation = useSelect(useMemo(() => selectConversation(id), [id]));
  const complete = useSelect((state) => state.inbox.complete);
  if (conversation === undefined) {
    return <p class="pane-notice soft">{complete ? t("notFound") : t("loading")}</p>;
  }
  return <OpenConversation conversation={conversation} seq={seq} visit={visit} />;
}

interface OpenConversationProps {
  conversation: Conversation;
  seq: number | null;
  visit: number;
}

function OpenConversation({ conversation, seq, visit }: OpenConversationProps) {
  const { id } = conversation;
  const title = useTitle(conversation);
  const [task, setTask] = useState<ComposerTask | null>(null);
  const control = useRef<TimelineControl | null>(null);
  const members = useMembers(id);
  const [viewed, setViewed] = useState<number | null>(null);
  const context = useMessageContext(conversation, setTask, setViewed, control);
  const desk = useDeskWriting(conversation);
  useLoading(id);

  return (
    <>
      <ConversationHeader conversation={conversation} control={control} />
      {conversation.kind === "desk" && <SessionBar conversation={id} />}
      <Timeline {...{ conversation, seq, visit, context, control }} />
      <TypingLine conversation={id} />
      <Announcer conversation={id} />
      {desk.refusal !== null ? (
        <NoWriting refusal={desk.refusal} />
      ) : mayWrite(conversation) ? (
        <Composer
          conversation={id}
          thread={null}
          label={t("composer", { name: title })}
          hint={desk.hint ?? slowModeHint(conversation)}
          members={members}
          {...{ task, setTask }}
        />
      ) : (
        <WritingRules conversation={conversation} />
      )}
      {viewed !== null && (
        <Viewer
          conversation={id}
          thread={null}
          seq={viewed}
          show={setViewed}
          close={() => setViewed(null)}
        />
      )}
    </>
  );
}

const NOBODY: readonly string[] = [];

/** The members as far as they are loaded; the others come when they write. */
export function useMembers(id: string): readonly string[] {
  return useSelect(
    (state) => state.members.get(id)?.members.map((member) => member.user) ?? NOBODY,
    sameItems,
  );
}

const MOST_WATCHED = 200;
const MOST_LOADED = 1000;

/** Loads the members of a group whom a text can mention. */
async function loadMembers(client: Client, id: string): Promise<void> {
  await client.members.load(id);
  for (;;) {
    const list = client.state.members.get(id);
    if (list?.next == null || list.members.length >= MOST_LOADED) return;
    await client.members.load(id, list.next);
  }
}

/** Loads what the inbox does not tell, and watches who is there. */
function useLoading(id: string): void {
  const { client } = useSession();
  const members = useMembers(id);
  useEffect(() => {
    const loads = [
      client.conversations.load(id),
      loadMembers(client, id),
      client.messages.loadPins(id),
      client.lists.held(),
      client.lists.followedThreads(),
    ];
    // Without a connection the banner says so, and the next visit loads them.
    for (const load of loads) load.catch(() => {});
  }, [id]);
  useEffect(() => {
    client.people.want(members);
    return members.length > 0 ? client.presence.watch(members.slice(0, MOST_WATCHED)) : undefined;
  }, [members]);
}

const NOTHING_PINNED: readonly number[] = [];

function useMessageContext(
  conversation: Conversation,
  setTask: (task: ComposerTask) => void,
  setViewed: (seq: number) => void,
  control: { current: TimelineControl | null },
): MessageContext {
  const { id, kind, details } = conversation;
  const pins = useSelect((state) => state.pins.get(id)?.seqs ?? NOTHING_PINNED);
  const readingPause = useRef(false);
  const canWrite = mayWrite(conversation);
  const role = details?.role ?? null;
  return useMemo(
    () => ({
      conversation: id,
      kind,
      role,
      canWrite,
      pinned: new Set(pins),
      inThread: false,
      readingPause,
      reply: (message: StoredMessage) => setTask({ act: "reply", message }),
      edit: (message: StoredMessage) => setTask({ act: "edit", message }),
      jumpTo: (seq: number) => void control.current?.jumpTo(seq).catch(showError),
      view: setViewed,
    }),
    [id, kind, role, canWrite, pins],
  );
}
