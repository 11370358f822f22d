// The messages of the customer and the desk, the state of the session, and the field to write in.
import {
  selectMessages,
  selectPending,
  selectTyping,
  type SendItem,
  type ServiceSession,
  type StoredMessage,
} from "@tidings/client";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { locale } from "../shared/language.ts";
import { useCustomerSession, useSelected, useWidget } from "./state.ts";
import { SessionLine } from "./session_line.tsx";
import { t } from "./texts.ts";

export function Conversation({ isShown }: { isShown: boolean }) {
  const session = useCustomerSession();
  const id = session?.conversation_id ?? null;
  return (
    <>
      {id === null ? (
        <div class="widget-messages">
          <p class="soft">{t("hello")}</p>
        </div>
      ) : (
        <Messages key={id} id={id} isShown={isShown} />
      )}
      {session !== undefined && <SessionLine key={session.id} session={session} />}
      <Field session={session} isShown={isShown} />
    </>
  );
}

const PAGE = 50;

function Messages({ id, isShown }: { id: string; isShown: boolean }) {
  const { client, selected: messages } = useSelected(useMemo(() => selectMessages(id), [id]));
  const { selected: pending } = useSelected(useMemo(() => selectPending(id), [id]));
  const { selected: typing } = useSelected(useMemo(() => selectTyping(id), [id]));
  useEffect(() => void client.messages.loadLatest(id).catch(() => undefined), [id]);
  useUnread(id, isShown, messages.length);
  const list = useEnd(`${messages.at(-1)?.seq} ${pending.length}`);
  const [first] = messages;
  return (
    <div class="widget-messages" ref={list} tabIndex={0} role="log" aria-label={t("messages")}>
      {first !== undefined && first.seq > 1 && (
        <button
          type="button"
          class="button"
          onClick={() => void client.messages.loadOlder(id, first.seq, PAGE).catch(() => undefined)}
        >
          {t("older")}
        </button>
      )}
      {messages.map((message) => (
        <Message key={message.seq} message={message} />
      ))}
      {pending.map((item) => (
        <Pending key={item.id} item={item} />
      ))}
      {typing[0] !== undefined && <p class="soft">{t("typing", { name: typing[0] })}</p>}
    </div>
  );
}

/** What is seen is read; the button of the page shows the number of the rest. */
function useUnread(id: string, isShown: boolean, count: number): void {
  const { client, host, selected } = useSelected(
    (state) => state.conversations.get(id)?.unread ?? 0,
  );
  useEffect(() => {
    if (isShown && selected > 0) client.conversations.markRead(id);
    host.send({ tidings: "unread", count: isShown ? 0 : selected });
  }, [id, isShown, selected, count]);
}

/** Stays at the end of the list when something is added there. */
function useEnd(end: string) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  }, [end]);
  return list;
}

function Message({ message }: { message: StoredMessage }) {
  const { client } = useWidget();
  const isOwn = message.sender === client.state.me;
  const { selected: name } = useSelected(
    (state) => state.people.get(message.sender)?.display_name ?? message.sender,
  );
  useEffect(() => client.people.want([message.sender]), [message.sender]);
  if (message.sender === "tidings" && message.type === "control") {
    return <p class="soft">{textOf(message)}</p>;
  }
  return (
    <div class={`widget-message ${isOwn ? "own" : ""}`}>
      <span class="hidden-label">{isOwn ? t("you") : name}: </span>
      <p dir="auto">{textOf(message)}</p>
      <time dateTime={message.sent_at}>{clock(message.sent_at)}</time>
    </div>
  );
}

function Pending({ item }: { item: SendItem }) {
  const { client } = useWidget();
  const { text } = item.message.body as { text?: string };
  const hasFailed = item.status === "failed";
  return (
    <div class="widget-message own">
      <p dir="auto">{text}</p>
      {hasFailed ? (
        <button type="button" class="link-button" onClick={() => client.outbox.retry(item.id)}>
          {t("notSent")}
        </button>
      ) : (
        <span class="soft">{t("sending")}</span>
      )}
    </div>
  );
}

function textOf({ body, type }: StoredMessage): string {
  if (body === null) return t("recalled");
  const { text, name } = body as { text?: unknown; name?: unknown };
  if (typeof text === "string" && text !== "") return text;
  return typeof name === "string" ? name : t("noText", { type });
}

function clock(at: string): string {
  return new Date(at).toLocaleTimeString(locale(), { hour: "numeric", minute: "2-digit" });
}

interface FieldProps {
  session: ServiceSession | undefined;
  isShown: boolean;
}

function Field({ session, isShown }: FieldProps) {
  const { client, settings } = useWidget();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  const [isOpening, setOpening] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (isShown) field.current?.focus();
  }, [isShown]);
  const send = async () => {
    const written = text.trim();
    if (written === "" || isOpening) return;
    setProblem(null);
    if (session !== undefined && session.state !== "closed") {
      client.messages.sendText(session.conversation_id, written);
      setText("");
      return;
    }
    setOpening(true);
    try {
      const custom = settings.custom === undefined ? {} : { custom: settings.custom };
      await client.desks.open(settings.desk, { text: written, ...custom });
      setText("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setOpening(false);
    }
  };
  return (
    <form
      class="widget-field"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {problem !== null && (
        <p class="notice danger" role="alert">
          {problem}
        </p>
      )}
      <textarea
        ref={field}
        class="input"
        rows={2}
        dir="auto"
        aria-label={t("write")}
        placeholder={t("write")}
        enterkeyhint="send"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          if (session !== undefined) client.presence.typing(session.conversation_id);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void send();
        }}
      />
      <button class="button primary" disabled={text.trim() === "" || isOpening}>
        {t("send")}
      </button>
    </form>
  );
}
