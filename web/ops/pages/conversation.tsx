// One conversation: its delivery audit, its members, and the way to its messages.
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { showToast } from "../../shared/toast.tsx";
import { useAnswer } from "../data/answers.ts";
import { useEventFeed } from "../data/event_feed.ts";
import { author, NO_FILTER, summarise, type LogEvent } from "../data/events.ts";
import type { AuditedConversation, DeliveryAudit } from "../data/schemas.ts";
import { useSession, type Session } from "../data/session.ts";
import { formatBytes, formatNumber } from "../format.ts";
import { Failure, Loading, Answered } from "../parts/answered.tsx";
import { TypeNameDialog } from "../parts/act.tsx";
import { Card, Facts, Page, Pill } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time, UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/conversations.ts";
import { ConversationMembers } from "./conversation_members.tsx";
import { describeKind } from "./conversations.tsx";

export function ConversationPage({ id }: { id: string }) {
  const session = useSession();
  const [isErasing, setErasing] = useState(false);
  const found = useAnswer(
    (signal) =>
      session.read(
        session.api.GET("/v1/admin/conversations/{id}", { params: { path: { id } }, signal }),
      ),
    [session, id],
  );
  return (
    <Page
      title={found.value?.title ?? id}
      actions={
        <>
          <a class="button" href={linkTo(["events"], { source: `/conversations/${id}` })}>
            {t("events")}
          </a>
          <a class="button" href={linkTo(["holds"], { conversation: id })}>
            {t("hold")}
          </a>
          <button type="button" class="button risky" onClick={() => setErasing(true)}>
            {t("erase")}
          </button>
        </>
      }
    >
      <Answered of={found}>
        {(conversation) => (
          <div class="columns">
            <ConversationFacts conversation={conversation} />
            <Audit audit={conversation.delivery} />
          </div>
        )}
      </Answered>
      <ConversationMembers id={id} />
      <RecentMessages id={id} />
      {isErasing && (
        <TypeNameDialog
          title={t("eraseTitle", { id })}
          text={t("eraseText")}
          name={id}
          action={t("erase")}
          close={() => setErasing(false)}
          confirm={async () => {
            const count = await eraseConversation(session, id);
            showToast(t("erased", { count }));
            found.reload();
          }}
          done=""
        />
      )}
    </Page>
  );
}

/** Erases in parts, as long as the server has more to erase, and returns how many messages. */
async function eraseConversation(session: Session, conversation_id: string): Promise<number> {
  let count = 0;
  let from: string | null = null;
  do {
    const body: { conversation_id: string; from?: string } = {
      conversation_id,
      ...(from && { from }),
    };
    const answer: { messages: number; next?: string | null } = await session.change(
      session.api.POST("/v1/admin/erasures", { body }),
    );
    count += answer.messages;
    from = answer.next ?? null;
  } while (from !== null);
  return count;
}

function ConversationFacts({ conversation }: { conversation: AuditedConversation }) {
  const { id, kind, history, bytes, created_at, last_activity } = conversation;
  return (
    <Card title={t("facts")}>
      <Facts
        facts={[
          { name: t("id"), value: <span class="id">{id}</span> },
          { name: t("kind"), value: describeKind(kind) },
          { name: t("members"), value: formatNumber(conversation.member_count) },
          { name: t("messages"), value: formatNumber(conversation.messages) },
          { name: t("bytes"), value: formatBytes(bytes) },
          {
            name: t("history"),
            value: t(history === "since_join" ? "history_since_join" : "history_all"),
          },
          { name: t("created"), value: <Time at={created_at} /> },
          { name: t("lastActivity"), value: <Time at={last_activity} /> },
        ]}
      />
    </Card>
  );
}

const PARTS = ["stored", "mirrored", "projected", "indexed"] as const;

function Audit({ audit }: { audit: DeliveryAudit }) {
  const { head_seq: head, missing } = audit;
  return (
    <Card title={t("audit")}>
      <p class="soft">{t("auditIntro", { count: head })}</p>
      <ul class="audit">
        {PARTS.map((part) => (
          <li key={part}>
            <span>{t(part)}</span>
            <span class="flow-bar" aria-hidden="true">
              <span style={{ inlineSize: `${head === 0 ? 100 : (audit[part] / head) * 100}%` }} />
            </span>
            <strong>{formatNumber(audit[part])}</strong>
            <Pill tone={audit[part] >= head ? "good" : "busy"}>
              {audit[part] >= head ? t("complete") : t("toCome", { count: head - audit[part] })}
            </Pill>
          </li>
        ))}
      </ul>
      {missing.length === 0 ? (
        <p class="soft">{t("nothingMissing")}</p>
      ) : (
        <p class="notice danger">{t("missingSeqs", { seqs: missing.join(", ") })}</p>
      )}
    </Card>
  );
}

function RecentMessages({ id }: { id: string }) {
  const session = useSession();
  const filter = { ...NO_FILTER, type: "message_sent", source: `/conversations/${id}` };
  const feed = useEventFeed(session, filter, null, false);
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    location.hash = linkTo(["conversations", id, String(form.get("seq"))]);
  };
  return (
    <Card title={t("recent")}>
      <form class="search-form" onSubmit={onSubmit}>
        <Field label={t("traceSeq")}>
          <input class="input" name="seq" type="number" min="1" step="1" required />
        </Field>
        <button class="button">{t("trace")}</button>
      </form>
      {feed.error !== null && <Failure error={feed.error} retry={feed.reload} />}
      {feed.isLoading ? (
        <Loading />
      ) : (
        <Table
          caption={t("recent")}
          rows={feed.events.slice(0, 20)}
          keyOf={({ position }) => position}
          columns={messageColumns(id)}
        />
      )}
    </Card>
  );
}

function messageColumns(id: string): Column<LogEvent>[] {
  return [
    {
      label: t("seq"),
      isNumber: true,
      cell: ({ data }) => (
        <a href={linkTo(["conversations", id, Number(data.seq)])}>
          {formatNumber(Number(data.seq))}
        </a>
      ),
    },
    { label: t("sender"), cell: (event) => <UserLink id={author(event)} /> },
    { label: t("created"), cell: ({ time }) => <Time at={time} /> },
    {
      label: t("messages"),
      isWide: true,
      cell: (event) => (
        <span class="clipped" dir="auto">
          {summarise(event)}
        </span>
      ),
    },
  ];
}
