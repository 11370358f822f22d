// Why a badge shows its number: which messages count as unread, and why the others do not.
import type { Message } from "@tidings/client";
import { useSelect } from "../../session.ts";
import type { Schemas } from "../calls.ts";
import { useArrivals, useHost } from "../host.ts";
import { Frame, Section } from "../parts/frame.tsx";
import { WhenLoaded } from "../parts/list.tsx";
import { useLoaded } from "../parts/loading.ts";
import { MessageRow } from "../parts/message.tsx";
import { t } from "../texts/explain.ts";
import { groupBySeq, spell } from "./groups.ts";

type Explanation = Schemas["Explanation"];

interface Explained {
  explanation: Explanation;
  messages: ReadonlyMap<number, Message>;
}

const EXPLAINED = 200;

export function ExplainPage({ conversation: id }: { conversation: string }) {
  const loaded = useExplained(id);
  useArrivals(loaded.reload);
  return (
    <Frame>
      <WhenLoaded loaded={loaded}>
        {(explained) => <Explanation id={id} explained={explained} />}
      </WhenLoaded>
    </Frame>
  );
}

function useExplained(id: string) {
  const { api, calls } = useHost();
  return useLoaded<Explained>(async () => {
    const query = calls.since;
    const explanation = await calls.ask(
      api.GET("/v1/inbox/unread/{conversation}/explain", {
        params: { path: { conversation: id }, query },
      }),
    );
    const page = await calls.ask(
      api.GET("/v1/conversations/{id}/messages", {
        params: { path: { id }, query: { ...query, limit: EXPLAINED, reactions: "summary" } },
      }),
    );
    const messages = new Map(page.messages.map((message) => [message.seq, message]));
    return { explanation, messages };
  }, id);
}

function Explanation({ id, explained }: { id: string; explained: Explained }) {
  const { explanation } = explained;
  const { unread, read_seq: read, head_seq: head, counted, excluded } = explanation;
  const conversation = useSelect((state) => state.conversations.get(id));
  return (
    <>
      <div class="explain-head">
        <p class="explain-number">{unread === 0 ? t("none") : t("counts", { count: unread })}</p>
        <p class="soft">{t("marks", { read, head })}</p>
        {conversation?.muted && <p class="notice">{t("muted")}</p>}
        {conversation?.archived && <p class="notice">{t("archived")}</p>}
      </div>
      {counted.length > 0 && (
        <Section title={t("counted")}>
          <ul>
            {counted.map((seq) => (
              <CountedRow key={seq} id={id} seq={seq} message={explained.messages.get(seq)} />
            ))}
          </ul>
        </Section>
      )}
      {excluded.length > 0 && <Excluded excluded={excluded} />}
      {head > EXPLAINED && <p class="panel-hint">{t("newest")}</p>}
    </>
  );
}

interface CountedRowProps {
  id: string;
  seq: number;
  message: Message | undefined;
}

function CountedRow({ id, seq, message }: CountedRowProps) {
  const host = useHost();
  if (message !== undefined) {
    return <MessageRow message={message} open={() => host.openMessage(message)} />;
  }
  return (
    <li class="panel-row">
      <button
        type="button"
        class="panel-row-main"
        onClick={() => host.openConversation(id, seq)}
      >
        {t("numberOf", { seq })}
      </button>
    </li>
  );
}

function Excluded({ excluded }: { excluded: Explanation["excluded"] }) {
  return (
    <Section title={t("notCounted")}>
      <dl class="explain-reasons">
        {groupBySeq(excluded).map(({ why, seqs }) => (
          <div key={why}>
            <dt>{t(why)}</dt>
            <dd>
              {t("excluded", { count: seqs.length })}
              <span class="soft"> {spell(seqs)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
