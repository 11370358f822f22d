// How far an own message has come: sent, delivered, read. It opens the list of who.
import { type StoredMessage, selectDelivery } from "@tidings/client";
import { useMemo } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { useSelect } from "../session.ts";
import { t } from "../texts.ts";

interface DeliverySignProps {
  message: StoredMessage;
  tabbable: boolean;
  open: () => void;
}

export function DeliverySign({ message, tabbable, open }: DeliverySignProps) {
  const { conversation_id, seq } = message;
  const select = useMemo(() => selectDelivery(conversation_id, seq), [conversation_id, seq]);
  const { status } = useSelect(select);
  return (
    <button
      type="button"
      class={`delivery-sign ${status}`}
      data-status={status}
      aria-label={`${t(status)}. ${t("receipts")}`}
      title={t(status)}
      tabIndex={tabbable ? 0 : -1}
      onClick={open}
    >
      <Icon name={status === "sent" ? "check" : "check-double"} size={16} />
    </button>
  );
}
