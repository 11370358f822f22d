// How a page shows a time, a user, a conversation, a secret.
import { useId, useRef } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { showToast } from "../../shared/toast.tsx";
import { formatTime, fromLocalField } from "../format.ts";
import { linkTo } from "../route.ts";
import { t } from "../texts/common.ts";

/** Where there is no value. A narrow table leaves it out. */
export function Nothing() {
  return <span class="soft nothing">–</span>;
}

/** What somebody wrote, in the direction of its own script. */
export function Name({ of }: { of: string | null | undefined }) {
  return of ? <span dir="auto">{of}</span> : <Nothing />;
}

export function Time({ at }: { at: string | null | undefined }) {
  if (at == null) return <Nothing />;
  return (
    <time dateTime={at} title={at}>
      {formatTime(at)}
    </time>
  );
}

export function UserLink({ id }: { id: string | null | undefined }) {
  if (!id) return <Nothing />;
  return (
    <a class="id" dir="auto" href={linkTo(["people", id])}>
      {id}
    </a>
  );
}

export function ConversationLink({ id }: { id: string | null | undefined }) {
  if (!id) return <Nothing />;
  return (
    <a class="id" dir="auto" href={linkTo(["conversations", id])}>
      {id}
    </a>
  );
}

export function MessageLink({ conversation, seq }: { conversation: string; seq: number }) {
  return (
    <a class="id" dir="auto" href={linkTo(["conversations", conversation, seq])}>
      {conversation}/{seq}
    </a>
  );
}

/** A text to be taken elsewhere, such as a token or a link, with a button that copies it. */
export function Copyable({ label, text }: { label: string; text: string }) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    field.current?.select();
    // Browsers offer the clipboard only over https and on the same machine.
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else document.execCommand("copy");
    showToast(t("copied"));
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="copyable">
        <input
          ref={field}
          id={id}
          class="input mono"
          readOnly
          value={text}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button" onClick={copy}>
          <Icon name="copy" size={18} />
          {t("copy")}
        </button>
      </div>
    </div>
  );
}

interface UntilFieldProps {
  id?: string;
  name: string;
  "aria-describedby"?: string | undefined;
}

/** A time in the future, or none. `readUntil` reads it. */
export function UntilInput(props: UntilFieldProps) {
  return <input class="input" type="datetime-local" step="1" {...props} />;
}

export function readUntil(text: string): { until?: string } {
  return text === "" ? {} : { until: fromLocalField(text) };
}
