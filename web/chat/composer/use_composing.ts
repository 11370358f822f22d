// The text that is being written, and what becomes of it: a new message, a reply, an edit, or a
// message that the server sends later.
import type { NewFile, NewMessage, StoredMessage } from "@tidings/client";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { showError, showToast } from "../../shared/toast.tsx";
import type { Attachment, Attachments } from "../files/use_attachments.ts";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { plainText } from "../timeline/message_body.tsx";
import { fullTime } from "../time.ts";
import { draftKey, readDraft, writeDraft } from "./drafts.ts";
import { mentionsIn } from "./mentions.ts";

/** What the next text is for, other than a new message. */
export type ComposerTask =
  | { act: "reply"; message: StoredMessage }
  | { act: "edit"; message: StoredMessage };

export interface ComposingOptions {
  field: RefObject<HTMLTextAreaElement | null>;
  conversation: string;
  thread: number | null;
  members: readonly string[];
  task: ComposerTask | null;
  setTask: (task: ComposerTask | null) => void;
  attachments: Attachments;
}

export interface Composing {
  text: string;
  write: (text: string) => void;
  /** Replaces a part of the text, and puts the caret after it. */
  insert: (from: number, to: number, piece: string) => void;
  submit: () => void;
  schedule: (at: Date) => void;
}

const MOST_BYTES = 65_536;

export function useComposing(options: ComposingOptions): Composing {
  const { field, conversation, thread, members, task, setTask, attachments } = options;
  const { account, client, openPanel } = useSession();
  const key = draftKey(account.user, conversation, thread);
  const [text, setText] = useState(() => readDraft(key));
  useTask(task, field, setText, () => readDraft(key));
  useLayoutEffect(() => fitHeight(field.current!), [text]);

  const write = (next: string) => {
    setText(next);
    if (task?.act !== "edit") writeDraft(key, next);
    if (next.trim() === "") client.presence.typingStopped(conversation);
    else client.presence.typing(conversation);
  };
  const clear = () => {
    setText("");
    if (task?.act !== "edit") writeDraft(key, "");
    setTask(null);
    client.presence.typingStopped(conversation);
    field.current?.focus();
  };
  const readParts = () => partsOf(text, { task, thread, members });
  const readMessage = () => makeMessage(text, readParts());
  return {
    text,
    write,
    insert: (from, to, piece) => {
      // At once, or the next key would come before it.
      const element = field.current!;
      element.value = text.slice(0, from) + piece + text.slice(to);
      element.focus();
      element.setSelectionRange(from + piece.length, from + piece.length);
      write(element.value);
    },
    submit: () => {
      if (task?.act !== "edit" && attachments.list.length > 0) {
        if (text.trim() !== "" && readMessage() === null) return;
        sendFiles(attachments.list, text.trim(), readParts(), (file, more) =>
          client.messages.sendFile(conversation, file, more),
        );
        attachments.clear();
        clear();
        return;
      }
      const message = readMessage();
      if (message === null) return;
      if (task?.act !== "edit") client.messages.send(conversation, message);
      else if (plainText(task.message) !== text) {
        client.messages.edit(conversation, task.message.seq, { ...task.message.body, text });
      }
      clear();
    },
    schedule: (at) => {
      const message = readMessage();
      if (message === null) return;
      client.messages.schedule(conversation, message, at).then(() => {
        clear();
        const run = () => openPanel("scheduled", { conversation });
        showToast(t("scheduledFor", { time: fullTime(at) }), { label: t("showScheduled"), run });
      }, showError);
    },
  };
}

type MessageParts = Pick<ComposingOptions, "task" | "thread" | "members">;

type Parts = Pick<NewMessage, "reply_to" | "thread" | "mentions">;

/** What a message is besides its body. */
function partsOf(text: string, { task, thread, members }: MessageParts): Parts {
  const mentions = mentionsIn(text, members);
  return {
    ...(task?.act === "reply" && { reply_to: task.message.seq }),
    ...(thread !== null && { thread }),
    ...(mentions.length > 0 && { mentions }),
  };
}

/** The message of a text, or null if there is nothing to send. */
function makeMessage(text: string, parts: Parts): NewMessage | null {
  if (text.trim() === "") return null;
  const bytes = new TextEncoder().encode(JSON.stringify({ text })).length;
  if (bytes > MOST_BYTES) {
    showError(t("tooLong", { count: bytes, most: MOST_BYTES }));
    return null;
  }
  return { type: "text", body: { text }, ...parts };
}

/**
 * Sends a message for each file. The first has the text as its caption, with its mentions and what
 * it replies to; all are in the thread.
 */
function sendFiles(
  attached: readonly Attachment[],
  text: string,
  parts: Parts,
  send: (file: File, more: NewFile) => void,
): void {
  attached.forEach(({ file, alt }, at) => {
    const { thread } = parts;
    const own = at === 0 ? parts : { ...(thread !== undefined && { thread }) };
    const body = {
      ...(at === 0 && text !== "" && { text }),
      ...(alt.trim() !== "" && { alt: alt.trim() }),
    };
    send(file, { ...own, body });
  });
}

/** Puts the text of an edited message into the field, and the draft back afterwards. */
function useTask(
  task: ComposerTask | null,
  field: RefObject<HTMLTextAreaElement | null>,
  setText: (text: string) => void,
  draft: () => string,
): void {
  const wasEditing = useRef(false);
  useLayoutEffect(() => {
    if (task?.act === "edit") setText(plainText(task.message));
    else if (wasEditing.current) setText(draft());
    wasEditing.current = task?.act === "edit";
    if (task === null) return;
    const element = field.current!;
    element.focus();
    requestAnimationFrame(() => {
      element.setSelectionRange(element.value.length, element.value.length);
    });
  }, [task]);
}

function fitHeight(element: HTMLTextAreaElement): void {
  element.style.height = "auto";
  element.style.height = `${element.scrollHeight}px`;
}
