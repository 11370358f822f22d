// Above the field: to which message a text replies, or which one it changes.
import { Icon } from "../../shared/icon.tsx";
import { useName, withNames } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { plainText } from "../timeline/message_body.tsx";
import type { ComposerTask } from "./use_composing.ts";

export function TaskBar({ task, cancel }: { task: ComposerTask; cancel: () => void }) {
  const { client } = useSession();
  const name = useName(task.message.sender);
  const editing = task.act === "edit";
  return (
    <div class="task-bar">
      <Icon name={editing ? "edit" : "reply"} size={16} />
      <div class="task-text">
        <strong>{editing ? t("editing") : t("replyTo", { name })}</strong>
        <span class="soft" dir="auto">
          {withNames(client.state, plainText(task.message))}
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
