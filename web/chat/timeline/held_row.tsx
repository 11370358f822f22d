// An own message that moderators look at before anybody else sees it.
import type { HeldMessage } from "@tidings/client";
import { Icon } from "../../shared/icon.tsx";
import { t } from "../texts.ts";
import { clockTime } from "../time.ts";
import { MessageBody } from "./message_body.tsx";

export function HeldRow({ rowKey, held }: { rowKey: string; held: HeldMessage }) {
  const { conversation_id, type, body, mentions, at } = held;
  return (
    <li class="message own first held" data-key={rowKey} data-status="held" tabIndex={-1}>
      <div class="message-main">
        <div class="bubble">
          <div class="bubble-line">
            <MessageBody
              message={{ conversation_id, type, body, mentions, recalled: false }}
              tabbable={false}
            />
            <div class="message-meta">
              <time dateTime={at}>{clockTime(at)}</time>
              <Icon name="shield" size={15} />
            </div>
          </div>
        </div>
        <p class="held-notice">{t("heldNotice")}</p>
      </div>
    </li>
  );
}
