// The text that is being written, and what becomes of it: a new message, a reply, an edit, or a
// message that the server sends later.
import type { Client, MessageBody, NewFile, NewMessage, StoredMessage } from "@tidings/client";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { showError, showToast } from "../../shared/toast.tsx";
import type { Attachment, Attachments } from "../files/use_attachments.ts";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { editableText } from "../timeline/message_body.tsx";
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
  /** Whether the files of a message that is to be sent later are being uploaded. */
  isUploading: boolean;
}

const MOST_BYTES = 65_536;

export function useComposing(options: ComposingOptions): Composing {
  const { field, conversation, thread, members, task, setTask, attachments } = options;
  const { account, client, openPanel } = useSession();
  const key = draftKey(account.user, conversation, thread);
  const [text, setText] = useState(() => readDraft(key));
  const [isUploading, setUploading] = useState(false);
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
  const scheduleAll = async (at: Date) => {
    const files = withFiles(attachments.list, text.trim(), readParts());
    for (const { key, file, more } of files) {
      await client.messages.scheduleFile(conversation, file, at, more);
      // If a later one fails, this one is not scheduled again.
      attachments.remove(key);
    }
    const message = files.length === 0 ? readMessage() : null;
    if (message !== null) await client.messages.schedule(conversation, message, at);
  };
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
      if (isUploading) return;
      if (task?.act === "edit") {
        if (saveEdit(client, task.message, text)) clear();
        return;
      }
      const isTooLong = text.trim() !== "" && readMessage() === null;
      if (attachments.list.length > 0) {
        if (isTooLong) return;
        for (const { file, more } of withFiles(attachments.list, text.trim(), readParts())) {
          client.messages.sendFile(conversation, file, more);
        }
        attachments.clear();
        clear();
        return;
      }
      const message = readMessage();
      if (message === null) return;
      client.messages.send(conversation, message);
      clear();
    },
    schedule: (at) => {
      const isTooLong = text.trim() !== "" && readMessage() === null;
      if (isTooLong || isUploading) return;
      setUploading(attachments.list.length > 0);
      scheduleAll(at)
        .then(() => {
          clear();
          const run = () => openPanel("scheduled", { conversation });
          showToast(t("scheduledFor", { time: fullTime(at) }), { label: t("showScheduled"), run });
        }, showError)
        .finally(() => setUploading(false));
    },
    isUploading,
  };
}

/** Changes a text or a caption. False if the text cannot be empty, or is too long. */
function saveEdit(client: Client, message: StoredMessage, text: string): boolean {
  if (text === editableText(message)) return true;
  const isCaption = message.type !== "text";
  if (makeMessage(text, {}) === null && !(isCaption && text.trim() === "")) return false;
  const { text: _, ...others } = message.body as Record<string, unknown>;
  const body = text.trim() === "" ? others : { ...others, text };
  client.messages.edit(message.conversation_id, message.seq, body as MessageBody);
  return true;
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
 * A message for each file. The first has the text as its caption, with its mentions and what it
 * replies to; all are in the thread.
 */
function withFiles(
  attached: readonly Attachment[],
  text: string,
  parts: Parts,
): { key: number; file: File; more: NewFile }[] {
  const { thread } = parts;
  return attached.map(({ key, file, alt }, at) => {
    const own = at === 0 ? parts : { ...(thread !== undefined && { thread }) };
    const body = {
      ...(at === 0 && text !== "" && { text }),
      ...(alt.trim() !== "" && { alt: alt.trim() }),
    };
    return { key, file, more: { ...own, body } };
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
    if (task?.act === "edit") setText(editableText(task.message) ?? "");
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
