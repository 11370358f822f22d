// The field in which messages are written. Enter sends; Shift and Enter begins a line. Input
// methods of Chinese and Japanese use Enter to choose characters, which must not send.
import { useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { AttachButton, AttachmentTray } from "../files/attachment_tray.tsx";
import { t as files } from "../files/texts.ts";
import { pastedFiles, useAttachments, useDropping } from "../files/use_attachments.ts";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { EmojiPicker } from "./emoji_picker.tsx";
import { lastOwnText } from "./last_own.ts";
import { ScheduleDialog } from "./schedule_dialog.tsx";
import { SuggestionList, type Suggestions, useSuggestions } from "./suggestions.tsx";
import { TaskBar } from "./task_bar.tsx";
import { type Composing, type ComposingOptions, useComposing } from "./use_composing.ts";
import "./composer.css";

export type { ComposerTask } from "./use_composing.ts";

interface ComposerProps extends Omit<ComposingOptions, "field" | "attachments"> {
  label: string;
  /** What else the writer should know. */
  hint?: string | undefined;
}

export function Composer(props: ComposerProps) {
  const { label, hint, members, task, setTask } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const attachments = useAttachments(field);
  const composing = useComposing({ ...props, field, attachments });
  const { text, insert, submit, isUploading } = composing;
  const suggestions = useSuggestions({ field, text, members, insert });
  const isEdit = task?.act === "edit";
  const isEmpty = text.trim() === "";
  const hasFiles = attachments.list.length > 0 && !isEdit;
  const isCaption = isEdit && task.message.type !== "text";
  const hasNothing = isEmpty && !hasFiles;
  const isDropping = useDropping(field, isEdit ? null : attachments.add);
  return (
    <div class="composer">
      {task !== null && <TaskBar task={task} cancel={() => setTask(null)} />}
      {!isEdit && <AttachmentTray attachments={attachments} />}
      {isDropping && <div class="drop-target">{files("dropHere")}</div>}
      <SuggestionList {...suggestions} />
      <div class="composer-row">
        {!isEdit && <AttachButton add={attachments.add} />}
        <EmojiButton field={field} insert={insert} />
        <ComposerField {...{ ...props, field, label, composing, suggestions, attachments }} />
        {!isEdit && (
          <LaterButton disabled={hasNothing || isUploading} schedule={composing.schedule} />
        )}
        <button
          type="button"
          class="icon-button send"
          aria-label={isEdit ? t("save") : t("send")}
          disabled={(hasNothing && !isCaption) || isUploading}
          onClick={submit}
        >
          <Icon name={isEdit ? "check" : "send"} />
        </button>
      </div>
      {isUploading && (
        <p class="composer-hint" role="status">
          {files("uploadingFiles")}
        </p>
      )}
      {hint && <p class="composer-hint">{hint}</p>}
    </div>
  );
}

interface ComposerFieldProps extends ComposingOptions {
  label: string;
  composing: Composing;
  suggestions: Suggestions;
}

function ComposerField(props: ComposerFieldProps) {
  const { field, label, conversation, task, composing, suggestions, attachments } = props;
  const { client } = useSession();
  const onKeyDown = useFieldKeys(props);
  return (
    <textarea
      ref={field}
      class="composer-field"
      rows={1}
      dir="auto"
      aria-label={label}
      placeholder={label}
      value={composing.text}
      readOnly={composing.isUploading}
      aria-autocomplete="list"
      aria-haspopup="listbox"
      aria-controls={suggestions.id}
      aria-activedescendant={suggestions.activeId}
      enterkeyhint="send"
      onInput={(event) => {
        composing.write(event.currentTarget.value);
        suggestions.onCaret();
      }}
      onKeyUp={suggestions.onCaret}
      onClick={suggestions.onCaret}
      onKeyDown={onKeyDown}
      onPaste={(event) => {
        const pasted = task?.act === "edit" ? [] : pastedFiles(event.clipboardData);
        if (pasted.length === 0) return;
        event.preventDefault();
        attachments.add(pasted);
      }}
      onBlur={() => client.presence.typingStopped(conversation)}
    />
  );
}

function useFieldKeys(props: ComposerFieldProps): (event: KeyboardEvent) => void {
  const { conversation, thread, task, setTask, composing, suggestions } = props;
  const { client } = useSession();
  return (event) => {
    // 229 is what some browsers report for keys that an input method has used.
    if (event.isComposing || event.keyCode === 229) return;
    if (suggestions.onKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      composing.submit();
    } else if (event.key === "Escape" && task !== null) {
      event.preventDefault();
      event.stopPropagation();
      setTask(null);
    } else if (event.key === "ArrowUp" && composing.text === "") {
      event.preventDefault();
      void lastOwnText(client, conversation, thread).then((message) => {
        if (message !== null) setTask({ act: "edit", message });
      });
    }
  };
}

function EmojiButton({ field, insert }: Pick<ComposerFieldProps, "field"> & InsertProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [picking, setPicking] = useState(false);
  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={t("emoji")}
        aria-haspopup="dialog"
        aria-expanded={picking}
        onClick={() => setPicking(!picking)}
      >
        <Icon name="emoji" />
      </button>
      {picking && (
        <EmojiPicker
          anchor={button.current}
          choose={(sign) => {
            const { selectionStart, selectionEnd } = field.current!;
            insert(selectionStart, selectionEnd, sign);
          }}
          close={() => {
            setPicking(false);
            button.current?.focus();
          }}
        />
      )}
    </>
  );
}

type InsertProps = Pick<Composing, "insert">;

function LaterButton({ disabled, schedule }: { disabled: boolean } & Pick<Composing, "schedule">) {
  const [choosing, setChoosing] = useState(false);
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={t("sendLater")}
        title={t("sendLater")}
        disabled={disabled}
        onClick={() => setChoosing(true)}
      >
        <Icon name="clock" />
      </button>
      {choosing && <ScheduleDialog schedule={schedule} close={() => setChoosing(false)} />}
    </>
  );
}
