// The field in which messages are written. Enter sends; Shift and Enter begins a line. Input methods
// of Chinese and Japanese use Enter to choose characters, which must not send.
import type { NewMessage, StoredMessage } from "@tidings/client";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { showError, showToast } from "../../shared/toast.tsx";
import { useName } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { plainText } from "../timeline/message_body.tsx";
import { fullTime } from "../time.ts";
import { draftKey, readDraft, writeDraft } from "./drafts.ts";
import { EmojiPicker } from "./emoji_picker.tsx";
import { lastOwnText } from "./last_own.ts";
import { mentionsIn } from "./mentions.ts";
import { ScheduleDialog } from "./schedule_dialog.tsx";
import { SuggestionList, useSuggestions } from "./suggestions.tsx";
import "./composer.css";

/** What the next text is for, other than a new message. */
export type ComposerTask =
  | { act: "reply"; message: StoredMessage }
  | { act: "edit"; message: StoredMessage };

interface ComposerProps {
  conversation: string;
  thread: number | null;
  label: string;
  /** What else the writer should know. */
  hint?: string | undefined;
  members: readonly string[];
  task: ComposerTask | null;
  setTask: (task: ComposerTask | null) => void;
}

const MOST_BYTES = 65_536;

export function Composer(props: ComposerProps) {
  const { conversation, thread, label, hint, members, task, setTask } = props;
  const { account, client, openPanel } = useSession();
  const key = draftKey(account.user, conversation, thread);
  const field = useRef<HTMLTextAreaElement>(null);
  const emojiButton = useRef<HTMLButtonElement>(null);
  const [text, setText] = useState(() => readDraft(key));
  const [picking, setPicking] = useState(false);
  const [scheduling, setScheduling] = useState(false);

  useTask(task, field, setText, () => readDraft(key));
  useLayoutEffect(() => fitHeight(field.current!), [text]);

  const write = (next: string) => {
    setText(next);
    if (task?.act !== "edit") writeDraft(key, next);
    if (next.trim() === "") client.presence.typingStopped(conversation);
    else client.presence.typing(conversation);
  };
  const insert = (from: number, to: number, piece: string) => {
    // At once, or the next key would come before it.
    const element = field.current!;
    element.value = text.slice(0, from) + piece + text.slice(to);
    element.focus();
    element.setSelectionRange(from + piece.length, from + piece.length);
    write(element.value);
  };
  const suggestions = useSuggestions({ field, text, members, insert });
  const clear = () => {
    setText("");
    writeDraft(key, "");
    setTask(null);
    client.presence.typingStopped(conversation);
    field.current?.focus();
  };
  const readMessage = (): NewMessage | null => {
    if (text.trim() === "") return null;
    const bytes = new TextEncoder().encode(JSON.stringify({ text })).length;
    if (bytes > MOST_BYTES) {
      showError(t("tooLong", { count: bytes, most: MOST_BYTES }));
      return null;
    }
    const mentions = mentionsIn(text, members);
    return {
      type: "text",
      body: { text },
      ...(task?.act === "reply" && { reply_to: task.message.seq }),
      ...(thread !== null && { thread }),
      ...(mentions.length > 0 && { mentions }),
    };
  };
  const submit = () => {
    const message = readMessage();
    if (message === null) return;
    if (task?.act === "edit") saveEdit(task.message, text);
    else client.messages.send(conversation, message);
    clear();
  };
  const saveEdit = (edited: StoredMessage, next: string) => {
    if (plainText(edited) === next) return;
    client.messages.edit(conversation, edited.seq, { ...edited.body, text: next });
    // A draft that was there before the edit comes back.
    requestAnimationFrame(() => setText(readDraft(key)));
  };
  const schedule = (at: Date) => {
    const message = readMessage();
    if (message === null) return;
    client.messages.schedule(conversation, message, at).then(() => {
      clear();
      const place = { conversation };
      const show = { label: t("showScheduled"), run: () => openPanel("scheduled", place) };
      showToast(t("scheduledFor", { time: fullTime(at) }), show);
    }, showError);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // 229 is what some browsers report for keys that an input method has used.
    if (event.isComposing || event.keyCode === 229) return;
    if (suggestions.onKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && task !== null) {
      event.preventDefault();
      event.stopPropagation();
      setTask(null);
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      void lastOwnText(client, conversation, thread).then((message) => {
        if (message !== null) setTask({ act: "edit", message });
      });
    }
  };

  return (
    <div class="composer">
      {task !== null && <TaskBar task={task} cancel={() => setTask(null)} />}
      <SuggestionList {...suggestions} />
      <div class="composer-row">
        <button
          ref={emojiButton}
          type="button"
          class="icon-button"
          aria-label={t("emoji")}
          aria-haspopup="dialog"
          aria-expanded={picking}
          onClick={() => setPicking(!picking)}
        >
          <Icon name="emoji" />
        </button>
        <textarea
          ref={field}
          class="composer-field"
          rows={1}
          dir="auto"
          aria-label={label}
          placeholder={label}
          value={text}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={suggestions.id}
          aria-activedescendant={suggestions.activeId}
          enterkeyhint="send"
          onInput={(event) => {
            write(event.currentTarget.value);
            suggestions.onCaret();
          }}
          onKeyUp={suggestions.onCaret}
          onClick={suggestions.onCaret}
          onKeyDown={onKeyDown}
          onBlur={() => client.presence.typingStopped(conversation)}
        />
        {task?.act !== "edit" && (
          <button
            type="button"
            class="icon-button"
            aria-label={t("sendLater")}
            title={t("sendLater")}
            disabled={text.trim() === ""}
            onClick={() => setScheduling(true)}
          >
            <Icon name="clock" />
          </button>
        )}
        <button
          type="button"
          class="icon-button send"
          aria-label={task?.act === "edit" ? t("save") : t("send")}
          disabled={text.trim() === ""}
          onClick={submit}
        >
          <Icon name={task?.act === "edit" ? "check" : "send"} />
        </button>
      </div>
      {hint && <p class="composer-hint">{hint}</p>}
      {picking && (
        <EmojiPicker
          anchor={emojiButton.current}
          choose={(sign) => {
            const at = field.current!.selectionStart;
            insert(at, field.current!.selectionEnd, sign);
          }}
          close={() => setPicking(false)}
        />
      )}
      {scheduling && <ScheduleDialog schedule={schedule} close={() => setScheduling(false)} />}
    </div>
  );
}

/** Puts the text of an edited message into the field, and the draft back afterwards. */
function useTask(
  task: ComposerTask | null,
  field: { current: HTMLTextAreaElement | null },
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
    requestAnimationFrame(() => element.setSelectionRange(element.value.length, element.value.length));
  }, [task]);
}

function fitHeight(element: HTMLTextAreaElement): void {
  element.style.height = "auto";
  element.style.height = `${element.scrollHeight}px`;
}

function TaskBar({ task, cancel }: { task: ComposerTask; cancel: () => void }) {
  const name = useName(task.message.sender);
  const editing = task.act === "edit";
  return (
    <div class="task-bar">
      <Icon name={editing ? "edit" : "reply"} size={16} />
      <div class="task-text">
        <strong>{editing ? t("editing") : t("replyTo", { name })}</strong>
        <span class="soft" dir="auto">
          {plainText(task.message)}
        </span>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={editing ? t("cancelEdit") : t("cancelReply")}
        onClick={cancel}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
