// Why the user sees a message; for administrators also why anybody sees it or not, and what became
// of it.
import type { Message } from "@tidings/client";
import { locale } from "../../../shared/language.ts";
import { useName } from "../../names.tsx";
import { usePlace } from "../groups/conversation.ts";
import type { Schemas } from "../calls.ts";
import { formatExactMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { Frame, Section } from "../parts/frame.tsx";
import { WhenLoaded } from "../parts/list.tsx";
import { useLoaded } from "../parts/loading.ts";
import { MessageRow } from "../parts/message.tsx";
import { t } from "../texts/explain.ts";
import { ExplainForOther, Trace } from "./why_for_admins.tsx";

interface WhyPageProps {
  conversation: string;
  seq: number;
}

interface Facts {
  message: Message;
  explanation: Schemas["Explanation"];
  receipts: Schemas["Receipts"];
}

export function WhyPage({ conversation: id, seq }: WhyPageProps) {
  const { isAdmin } = useHost();
  const facts = useFacts(id, seq);
  return (
    <Frame>
      <WhenLoaded loaded={facts}>{(known) => <OwnView facts={known} />}</WhenLoaded>
      {isAdmin && (
        <>
          <ExplainForOther id={id} seq={seq} />
          <Trace id={id} seq={seq} />
        </>
      )}
    </Frame>
  );
}

function useFacts(id: string, seq: number) {
  const { api, calls } = useHost();
  return useLoaded<Facts>(async () => {
    const query = calls.since;
    const path = { id, seq };
    const [message, explanation, receipts] = await Promise.all([
      calls.ask(
        api.GET("/v1/conversations/{id}/messages/{seq}", { params: { path, query } }),
      ),
      calls.ask(
        api.GET("/v1/inbox/unread/{conversation}/explain", {
          params: { path: { conversation: id }, query },
        }),
      ),
      calls.ask(
        api.GET("/v1/conversations/{id}/messages/{seq}/receipts", {
          params: { path, query: { ...query, limit: 1 } },
        }),
      ),
    ]);
    return { message, explanation, receipts };
  }, `${id}/${seq}`);
}

function OwnView({ facts }: { facts: Facts }) {
  const { message, receipts } = facts;
  const { delivered_count: delivered, read_count: read, member_count: total } = receipts;
  const sentences = useSentences(facts);
  return (
    <>
      <ul>
        <MessageRow message={message} />
      </ul>
      <p class="explain-number">{t("seen")}</p>
      <ul class="explain-facts">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <Section title={t("delivery")}>
        <p>{t("delivered", { count: delivered, total })}</p>
        <p>{t("readBy", { count: read, total })}</p>
      </Section>
    </>
  );
}

function useSentences({ message, explanation }: Facts): string[] {
  const { me } = useHost();
  const { details } = usePlace(message.conversation_id);
  const name = useName(message.sender);
  const date = (time: string) => formatExactMoment(time, locale());
  const excluded = explanation.excluded.find(({ seq }) => seq === message.seq);
  const sentences = [
    details !== null && t(details.history === "all" ? "asMember" : "asStay"),
    t("sentAt", { name, date: date(message.sent_at) }),
    message.edited_at !== null && t("edited", { date: date(message.edited_at) }),
    message.recalled && t("isRecalled"),
    message.mentions.includes(me) && t("mentioned"),
    message.thread !== null && t("inThread"),
    explanation.counted.includes(message.seq) && t("isCounted"),
    excluded !== undefined && t("notCountedAs", { reason: t(`because_${excluded.why}`) }),
  ];
  return sentences.filter((sentence) => sentence !== false);
}
