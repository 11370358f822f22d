// Two states of one inbox side by side, with what differs, and the messages of a conversation.
import type { InboxConversation, LastMessage, Message } from "@tidings/client";
import { useState } from "preact/hooks";
import { PictureAvatar } from "../../files/picture_avatar.tsx";
import { locale } from "../../../shared/language.ts";
import { useProfile } from "../../names.tsx";
import { formatExactMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { Section } from "../parts/frame.tsx";
import { Failed } from "../parts/list.tsx";
import { type Loaded, useLoaded } from "../parts/loading.ts";
import { MessageRow } from "../parts/message.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/past.ts";
import { compareRow, type Difference } from "./moments.ts";
import { loadMessages, type PastInbox } from "./past_calls.ts";

type Side = "then" | "now";

interface ComparedInboxesProps {
  user: string;
  then: Loaded<PastInbox>;
  now: Loaded<PastInbox>;
}

export function ComparedInboxes({ user, then, now }: ComparedInboxesProps) {
  const [opened, setOpened] = useState<string | null>(null);
  const column = (side: Side, shown: Loaded<PastInbox>, other: Loaded<PastInbox>) => (
    <InboxColumn
      side={side}
      inbox={shown}
      other={other.data?.rows ?? null}
      opened={opened}
      toggle={(id) => setOpened(opened === id ? null : id)}
    />
  );
  const row = [then, now].flatMap(({ data }) => data?.rows ?? []).find(({ id }) => id === opened);
  return (
    <>
      <div class="past-columns">
        {column("then", then, now)}
        {column("now", now, then)}
      </div>
      {row !== undefined && then.data !== null && (
        <ComparedMessages user={user} row={row} then={then.data} now={now.data} />
      )}
    </>
  );
}

interface InboxColumnProps {
  side: Side;
  inbox: Loaded<PastInbox>;
  other: InboxConversation[] | null;
  opened: string | null;
  toggle: (id: string) => void;
}

function InboxColumn({ side, inbox, other, opened, toggle }: InboxColumnProps) {
  const { data, error, isLoading, reload } = inbox;
  const others = new Map(other?.map((row) => [row.id, row]));
  return (
    <section class="past-column" aria-label={t(side)} aria-busy={isLoading}>
      <h3>{t(side)}</h3>
      {error !== null && <Failed error={error} retry={reload} />}
      {data !== null && (
        <>
          <p class="soft">{t("total", { count: data.total })}</p>
          {data.rows.length === 0 && <p class="panel-empty">{t("empty")}</p>}
          <ul>
            {data.rows.map((row) => (
              <ConversationRow
                key={row.id}
                side={side}
                row={row}
                difference={other === null ? "same" : compareRow(row, others.get(row.id))}
                isOpen={opened === row.id}
                toggle={() => toggle(row.id)}
              />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface ConversationRowProps {
  side: Side;
  row: InboxConversation;
  difference: Difference;
  isOpen: boolean;
  toggle: () => void;
}

function ConversationRow({ side, row, difference, isOpen, toggle }: ConversationRowProps) {
  const title = useRowTitle(row);
  const { last_message: last, unread } = row;
  return (
    <li class={`panel-row past-row ${difference}`}>
      <button
        type="button"
        class="panel-row-main"
        aria-expanded={isOpen}
        onClick={toggle}
      >
        <PictureAvatar
          id={row.peer ?? row.id}
          name={title}
          kind={row.peer ? "person" : "group"}
          size={32}
        />
        <span class="panel-row-text">
          <span class="panel-row-name" dir="auto">
            {title}
          </span>
          <span class="panel-row-note" dir="auto">
            {last !== null && describeLast(last)}
          </span>
          {difference !== "same" && (
            <span class="panel-tag">{t(describeDifference(side, difference))}</span>
          )}
        </span>
        {unread > 0 && (
          <span class="panel-count strong">
            {unread.toLocaleString(locale())}
            <span class="hidden-label"> {t("unread", { count: unread })}</span>
          </span>
        )}
      </button>
    </li>
  );
}

function describeLast({ preview, recalled, type }: LastMessage): string {
  return preview ?? (recalled ? common("recalled") : type);
}

function describeDifference(side: Side, difference: "absent" | "changed") {
  if (difference === "changed") return "changed";
  return side === "then" ? "onlyThen" : "onlyNow";
}

function useRowTitle(row: InboxConversation): string {
  const peer = useProfile(row.peer ?? null);
  if (row.peer) return peer?.display_name ?? row.peer;
  return row.title ?? common("untitled");
}

interface ComparedMessagesProps {
  user: string;
  row: InboxConversation;
  then: PastInbox;
  now: PastInbox | null;
}

function ComparedMessages({ user, row, then, now }: ComparedMessagesProps) {
  const { api } = useHost();
  const title = useRowTitle(row);
  const key = JSON.stringify([row.id, then.moment]);
  // A conversation that is not in an inbox has no messages for its owner, and cannot be asked.
  const isThen = then.rows.some(({ id }) => id === row.id);
  const isNow = now?.rows.some(({ id }) => id === row.id) ?? false;
  const load = async (moment: PastInbox["moment"]) => loadMessages(api, user, row.id, moment);
  const past = useLoaded(async () => (isThen ? load(then.moment) : []), `${isThen} ${key}`);
  const present = useLoaded(async () => (isNow ? load(null) : []), `${isNow} ${row.id}`);
  const current = new Map(present.data?.map((message) => [message.seq, message]));
  const messages = past.data ?? [];
  return (
    <Section title={t("messages", { title })}>
      {past.data !== null && messages.length === 0 && (
        <p class="panel-empty">{t("noMessages")}</p>
      )}
      <ul aria-busy={past.isLoading}>
        {messages.map((message) => (
          <MessageRow
            key={message.seq}
            message={message}
            note={describeFate(message, current.get(message.seq), present.data)}
          />
        ))}
      </ul>
      {then.moment !== null && (
        <p class="soft">
          {t("at", {
            date: formatExactMoment(then.moment.time, locale()),
            position: then.position,
          })}
        </p>
      )}
    </Section>
  );
}

/** What has become of a message since, as far as the newest ones are loaded. */
function describeFate(
  message: Message,
  current: Message | undefined,
  present: Message[] | null,
): string | undefined {
  if (present === null) return undefined;
  if (current === undefined) {
    return message.seq >= (present[0]?.seq ?? 0) ? t("goneLater") : undefined;
  }
  if (current.recalled && !message.recalled) return t("recalledLater");
  return current.edited_at !== message.edited_at ? t("editedLater") : undefined;
}
