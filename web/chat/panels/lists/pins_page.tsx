// The messages that are pinned in a conversation.
import type { Message } from "@tidings/client";
import { Icon } from "../../../shared/icon.tsx";
import { useName } from "../../names.tsx";
import { usePlace } from "../groups/conversation.ts";
import { useArrivals, useHost } from "../host.ts";
import { Frame } from "../parts/frame.tsx";
import { PagedList } from "../parts/list.tsx";
import { useAct, usePages } from "../parts/loading.ts";
import { MessageRow } from "../parts/message.tsx";
import { t } from "../texts/lists.ts";

export function PinsPage({ conversation: id }: { conversation: string }) {
  const { api, calls } = useHost();
  const { conversation, leads } = usePlace(id);
  const pins = usePages(async (after) => {
    const params = { path: { id }, query: { after, ...calls.since } };
    const page = await calls.ask(api.GET("/v1/conversations/{id}/pins", { params }));
    return { rows: page.messages, next: page.next };
  }, id);
  useArrivals(pins.reload);
  const mayUnpin = leads || conversation?.kind === "direct";
  return (
    <Frame>
      <PagedList
        pages={pins}
        label={t("pins")}
        empty={t("noPins")}
        draw={(message) => (
          <PinRow key={message.seq} message={message} mayUnpin={mayUnpin} reload={pins.reload} />
        )}
      />
    </Frame>
  );
}

interface PinRowProps {
  message: Message;
  mayUnpin: boolean;
  reload: () => void;
}

function PinRow({ message, mayUnpin, reload }: PinRowProps) {
  const host = useHost();
  const name = useName(message.sender);
  const { isBusy, act } = useAct();
  const { conversation_id: id, seq } = message;
  const unpin = async () => {
    const params = { path: { id, seq } };
    await host.calls.ask(host.api.DELETE("/v1/conversations/{id}/pins/{seq}", { params }));
    reload();
  };
  return (
    <MessageRow
      message={message}
      open={() => host.openMessage(message)}
      actions={
        mayUnpin && (
          <button
            type="button"
            class="icon-button"
            aria-label={t("unpinOf", { name })}
            disabled={isBusy}
            onClick={() => act(unpin, t("unpinned"))}
          >
            <Icon name="close" />
          </button>
        )
      }
    />
  );
}
