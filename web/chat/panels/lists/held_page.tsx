// The user's messages that wait for a moderator.
import type { HeldMessage } from "@tidings/client";
import { useEffect } from "preact/hooks";
import { locale } from "../../../shared/language.ts";
import { useSelect } from "../../session.ts";
import { formatMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { Frame } from "../parts/frame.tsx";
import { MessageRow, useConversationName } from "../parts/message.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/lists.ts";

export function HeldPage() {
  const { client } = useHost();
  useEffect(() => void client.lists.held(), [client]);
  const { items, loaded } = useSelect((state) => state.held);
  return (
    <Frame>
      <p class="panel-hint">{t("heldHint")}</p>
      {items.length === 0 && <p class="panel-empty">{loaded ? t("noHeld") : common("loading")}</p>}
      <ul aria-label={t("held")}>
        {items.map((item) => (
          <HeldRow key={item.held_id} item={item} />
        ))}
      </ul>
    </Frame>
  );
}

function HeldRow({ item }: { item: HeldMessage }) {
  const host = useHost();
  const place = useConversationName(item.conversation_id);
  return (
    <MessageRow
      message={{ ...item, sender: host.me, sent_at: item.at }}
      place={<bdi>{place}</bdi>}
      note={t("heldSince", { date: formatMoment(item.at, locale()) })}
      open={() => host.openConversation(item.conversation_id)}
    />
  );
}
