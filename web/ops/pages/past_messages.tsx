// The newest messages of a conversation as a user saw them then, beside those of now.
import { useAnswer, type Answer } from "../data/answers.ts";
import type { Message } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { Answered } from "../parts/answered.tsx";
import { Card } from "../parts/layout.tsx";
import { MessageLine } from "../parts/message.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/past.ts";
import { describeMoment } from "./past_inbox.tsx";

interface ComparedMessagesProps {
  user: string;
  asOf: string;
  conversation: string;
}

const SHOWN = 30;

export function ComparedMessages({ user, asOf, conversation }: ComparedMessagesProps) {
  const then = useMessages(user, conversation, asOf);
  const now = useMessages(user, conversation);
  return (
    <>
      <p>
        <a class="button" href={linkTo(["past"], { user, as_of: asOf })}>
          {t("backToInbox")}
        </a>
      </p>
      <div class="columns">
        <Card title={`${conversation} · ${t("thenAt", { moment: describeMoment(asOf) })}`}>
          <MessageList of={then} conversation={conversation} />
        </Card>
        <Card title={`${conversation} · ${t("now")}`}>
          <MessageList of={now} conversation={conversation} />
        </Card>
      </div>
    </>
  );
}

function useMessages(user: string, id: string, asOf?: string): Answer<Message[]> {
  const session = useSession();
  return useAnswer(async () => {
    const query = { as_user: user, limit: SHOWN, ...(asOf !== undefined && { as_of: asOf }) };
    const call = session.api.GET("/v1/conversations/{id}/messages", {
      params: { path: { id }, query },
    });
    return (await session.read(call)).messages;
  }, [session, user, id, asOf]);
}

interface MessageListProps {
  of: Answer<Message[]>;
  conversation: string;
}

function MessageList({ of, conversation }: MessageListProps) {
  return (
    <Answered of={of}>
      {(messages) =>
        messages.length === 0 ? (
          <p class="empty">{t("noMessages")}</p>
        ) : (
          <ol class="messages" aria-label={t("messages", { id: conversation })}>
            {messages.map((message) => (
              <MessageLine key={message.seq} message={message} />
            ))}
          </ol>
        )
      }
    </Answered>
  );
}
