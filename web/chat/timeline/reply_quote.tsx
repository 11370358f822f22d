// What a message replies to, in short. Choosing it goes there.
import { type StoredMessage, selectMessage } from "@tidings/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useName, withNames } from "../names.tsx";
import { useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { plainText } from "./message_body.tsx";
import type { MessageContext } from "./message_context.ts";

interface ReplyQuoteProps {
  message: Pick<StoredMessage, "conversation_id"> & { reply_to: number | null };
  context: MessageContext;
}

export function ReplyQuote({ message, context }: ReplyQuoteProps) {
  const { client } = useSession();
  const { conversation_id, reply_to } = message;
  const seq = reply_to!;
  const [missing, setMissing] = useState(false);
  const target = useSelect(useMemo(() => selectMessage(conversation_id, seq), [seq]));
  useEffect(() => {
    if (target === undefined) {
      client.messages.load(conversation_id, seq).catch(() => setMissing(true));
    }
  }, [seq]);
  if (target === undefined) {
    return <div class="quote soft">{missing ? t("replyMissing") : t("loading")}</div>;
  }
  return (
    <button type="button" class="quote" tabIndex={-1} onClick={() => context.jumpTo(seq)}>
      <QuoteSender user={target.sender} />
      <span class="quote-text" dir="auto">
        {withNames(client.state, plainText(target))}
      </span>
    </button>
  );
}

function QuoteSender({ user }: { user: string }) {
  return <bdi class="quote-sender">{useName(user)}</bdi>;
}
