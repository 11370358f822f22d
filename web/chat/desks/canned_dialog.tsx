// The canned replies of an agent: one is chosen, added or removed.
import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { Icon } from "../../shared/icon.tsx";
import { useSession } from "../session.ts";
import { addReply, insertReply, removeReply, useReplies } from "./canned_replies.ts";
import { t } from "./texts.ts";

const MOST_CHARACTERS = 4_000;

export function CannedDialog({ close }: { close: () => void }) {
  const { account } = useSession();
  const replies = useReplies(account.user);
  const [text, setText] = useState("");
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    addReply(account.user, text.trim());
    setText("");
  };
  return (
    <Dialog title={t("cannedTitle")} close={close}>
      {replies.length === 0 && <p class="soft">{t("cannedNone")}</p>}
      <ul class="canned-replies" aria-label={t("cannedTitle")}>
        {replies.map((reply) => (
          <li key={reply}>
            <button
              type="button"
              class="canned-reply"
              dir="auto"
              onClick={() => {
                close();
                // The dialog gives the focus back first.
                setTimeout(() => insertReply(reply));
              }}
            >
              {reply}
            </button>
            <button
              type="button"
              class="icon-button"
              aria-label={t("cannedRemove", { text: reply })}
              onClick={() => removeReply(account.user, reply)}
            >
              <Icon name="delete" size={18} />
            </button>
          </li>
        ))}
      </ul>
      <form class="dialog-form" onSubmit={add}>
        <Field label={t("cannedNew")} hint={t("cannedHint")}>
          <textarea
            class="input"
            rows={2}
            dir="auto"
            maxLength={MOST_CHARACTERS}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </Field>
        <button class="button" disabled={text.trim() === ""}>
          {t("cannedAdd")}
        </button>
      </form>
    </Dialog>
  );
}
