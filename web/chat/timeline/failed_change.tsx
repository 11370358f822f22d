// An edit, recall or reaction that the server has refused.
import type { ChangeItem, StoredMessage } from "@tidings/client";
import { useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { failureText } from "./failure_text.ts";

export function FailedChange({ message }: { message: StoredMessage }) {
  const { client } = useSession();
  const { conversation_id, seq } = message;
  const failed = useSelect((state) =>
    state.outbox.find(
      (item): item is ChangeItem =>
        item.kind === "change" &&
        item.status === "failed" &&
        item.conversationId === conversation_id &&
        item.seq === seq,
    ),
  );
  if (failed === undefined) return null;
  return (
    <div class="failure" role="alert">
      <span>{t("changeFailed", { reason: failureText(failed.error) })}</span>
      <button type="button" class="link-button" onClick={() => client.outbox.retry(failed.id)}>
        {t("retry")}
      </button>
      <button type="button" class="link-button" onClick={() => client.outbox.discard(failed.id)}>
        {t("discard")}
      </button>
    </div>
  );
}
