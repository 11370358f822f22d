// An own message that the server has not confirmed yet, or has refused.
import type { SendItem } from "@tidings/client";
import { Icon } from "../../shared/icon.tsx";
import { memo } from "../../shared/memo.tsx";
import { PendingFile } from "../files/pending_file.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { clockTime } from "../time.ts";
import { failureText } from "./failure_text.ts";
import { MessageBody, plainText } from "./message_body.tsx";

interface PendingRowProps {
  item: SendItem;
  first: boolean;
  tabStop: boolean;
}

export const PendingRow = memo(function PendingRow({ item, first, tabStop }: PendingRowProps) {
  const { client } = useSession();
  const { id, conversationId, message, upload, createdAt, status, error } = item;
  const time = clockTime(new Date(createdAt).toISOString());
  const shown = {
    conversation_id: conversationId,
    type: message.type,
    body: message.body,
    recalled: false,
    mentions: message.mentions ?? [],
  };
  const failed = status === "failed";
  return (
    <li
      class={`message own pending ${first ? "first" : ""} ${failed ? "failed" : ""}`}
      data-key={id}
      data-status={status}
      tabIndex={tabStop ? 0 : -1}
      aria-label={t("messageLabel", { name: t("you"), time, text: plainText(shown) })}
    >
      <div class="message-main">
        <div class="bubble">
          <div class="bubble-line">
            {upload === undefined ? (
              <MessageBody message={shown} tabbable={false} />
            ) : (
              <PendingFile item={item} upload={upload} />
            )}
            <div class="message-meta">
              <time>{time}</time>
              <span class="delivery-sign" title={failed ? undefined : t(status)}>
                <Icon name={failed ? "warning" : status === "sent" ? "check" : "clock"} size={15} />
                {!failed && <span class="hidden-label">{t(status)}</span>}
              </span>
            </div>
          </div>
        </div>
        {failed && (
          <div class="failure" role="alert">
            <span>{t("sendFailed", { reason: failureText(error) })}</span>
            <button type="button" class="link-button" onClick={() => client.outbox.retry(id)}>
              {t("retry")}
            </button>
            <button type="button" class="link-button" onClick={() => client.outbox.discard(id)}>
              {t("discard")}
            </button>
          </div>
        )}
      </div>
    </li>
  );
});
