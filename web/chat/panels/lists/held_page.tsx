// The user's messages that wait for a moderator.
import type { HeldMessage } from "@tidings/client";
import { locale } from "../../../shared/language.ts";
import { formatMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { useClientList } from "../parts/client_lists.ts";
import { Frame } from "../parts/frame.tsx";
import { PagedList } from "../parts/list.tsx";
import { MessageRow, useConversationName } from "../parts/message.tsx";
import { t } from "../texts/lists.ts";

export function HeldPage() {
  return (
    <Frame>
      <p class="panel-hint">{t("heldHint")}</p>
      <PagedList
        pages={useClientList("held")}
        label={t("held")}
        empty={t("noHeld")}
        draw={(item) => <HeldRow key={item.held_id} item={item} />}
      />
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
