// One message: what became of it, and why somebody sees it, or not.
import { useState } from "preact/hooks";
import { useAnswer } from "../data/answers.ts";
import type { MessageTrace, Schemas } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import { Answered } from "../parts/answered.tsx";
import { TypeNameDialog } from "../parts/act.tsx";
import { Card, Page, Pill, type Tone } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { ConversationLink, Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/conversations.ts";
import { Explanation } from "./message_explanation.tsx";

interface MessagePageProps {
  id: string;
  seq: number;
  /** Whose view to explain; empty for none yet. */
  as: string;
  /** As of when; empty for now. */
  asOf: string;
}

/** The stages of a message go on: it is mirrored, sealed, read, erased. */
const REFRESH_MS = 3000;

export function MessagePage({ id, seq, as, asOf }: MessagePageProps) {
  const session = useSession();
  const [isErasing, setErasing] = useState(false);
  const path = { id, seq };
  const trace = useAnswer(
    (signal) =>
      session.read(
        session.api.GET("/v1/admin/conversations/{id}/messages/{seq}/trace", {
          params: { path },
          signal,
        }),
      ),
    [session, id, seq],
    { every: REFRESH_MS },
  );
  const erase = async () => {
    const body = { conversation_id: id, seq };
    await session.change(session.api.POST("/v1/admin/erasures", { body }));
    trace.reload();
  };
  return (
    <Page
      title={t("message", { seq, id })}
      actions={
        <button type="button" class="button risky" onClick={() => setErasing(true)}>
          {t("eraseMessage")}
        </button>
      }
    >
      <Answered of={trace}>{(found) => <Trace trace={found} />}</Answered>
      <Explanation id={id} seq={seq} as={as} asOf={asOf} />
      {isErasing && (
        <TypeNameDialog
          title={t("eraseMessage")}
          text={t("eraseMessageText")}
          name={`${id}/${seq}`}
          action={t("erase")}
          close={() => setErasing(false)}
          confirm={erase}
        />
      )}
    </Page>
  );
}

function Trace({ trace }: { trace: MessageTrace }) {
  const { sender, position, conversation_id, changes, not_stored } = trace;
  return (
    <>
      <Card title={t("stages")}>
        <p class="message-head">
          <ConversationLink id={conversation_id} />
          <span>
            {t("sender")}: <UserLink id={sender} />
          </span>
          <span>
            {t("position")}: {formatNumber(position)}
          </span>
        </p>
        <ol class="stages">
          {trace.stages.map((stage) => (
            <Stage key={stage.stage} stage={stage} />
          ))}
        </ol>
        <details>
          <summary>{t("notStored")}</summary>
          <ul class="plain-list">
            {not_stored.map((what) => (
              <li key={what}>{what}</li>
            ))}
          </ul>
        </details>
      </Card>
      <Recipients trace={trace} />
      <Card title={t("changes")}>
        <Table
          caption={t("changes")}
          rows={changes}
          keyOf={({ position }) => position}
          empty={t("noChanges")}
          columns={[
            { label: t("position"), cell: (row) => formatNumber(row.position), isNumber: true },
            { label: t("outcome"), cell: ({ type }) => <code>{type}</code> },
            { label: t("user"), cell: ({ by }) => <UserLink id={by} /> },
            { label: t("created"), cell: ({ at }) => <Time at={at} /> },
          ]}
        />
      </Card>
      <Card title={t("webhooks")}>
        <Table
          caption={t("webhooks")}
          rows={deliveries(trace)}
          keyOf={({ key }) => key}
          empty={t("noWebhooks")}
          columns={[
            { label: t("webhook"), cell: ({ webhook }) => webhook },
            { label: t("user"), cell: ({ user }) => <UserLink id={user} /> },
            { label: t("state"), cell: ({ state }) => <Pill>{state}</Pill> },
            { label: t("attempts"), cell: (row) => formatNumber(row.attempts), isNumber: true },
            { label: t("error"), cell: ({ error }) => error ?? "–", isWide: true },
          ]}
        />
      </Card>
    </>
  );
}

const STAGES = ["stored", "mirrored", "projected", "indexed", "sealed", "erased"] as const;
const TONES: Record<string, Tone> = {
  done: "good",
  pending: "busy",
  parked: "bad",
  absent: "plain",
  unknown: "warning",
};
const STATES = ["done", "pending", "absent", "parked", "unknown"] as const;

function Stage({ stage: { stage, state, at, detail } }: { stage: Schemas["TraceStage"] }) {
  const name = STAGES.find((each) => each === stage);
  const known = STATES.find((each) => each === state);
  return (
    <li>
      <p class="stage-head">
        <strong>{name ? t(`stage_${name}`) : stage}</strong>
        <Pill tone={TONES[state] ?? "plain"}>{known ? t(`state_${known}`) : state}</Pill>
      </p>
      {at && <Time at={at} />}
      <p class="soft">{detail}</p>
    </li>
  );
}

function Recipients({ trace }: { trace: MessageTrace }) {
  const columns: Column<Schemas["MessageRecipient"]>[] = [
    { label: t("user"), cell: ({ user }) => <UserLink id={user} /> },
    { label: t("stillMember"), cell: ({ is_member }) => (is_member ? "✓" : t("left")) },
    {
      label: t("devices"),
      cell: ({ devices }) =>
        devices.length === 0
          ? "–"
          : `${devices.filter(({ has_message }) => has_message).length}/${devices.length}`,
    },
    {
      label: t("acknowledged"),
      cell: ({ acknowledged_at }) =>
        acknowledged_at ? <Time at={acknowledged_at} /> : <Pill>{t("notYet")}</Pill>,
    },
    {
      label: t("read"),
      cell: ({ is_read, read_at }) =>
        is_read ? <Time at={read_at ?? trace.stages[0]?.at} /> : <Pill>{t("notYet")}</Pill>,
    },
  ];
  return (
    <Card title={t("recipients")}>
      <p class="soft">
        {t("recipientsCount", {
          total: trace.recipient_count,
          read: trace.read_count,
          delivered: trace.delivered_count,
        })}
      </p>
      <Table
        caption={t("recipients")}
        rows={trace.recipients}
        keyOf={({ user }) => user}
        empty={t("noRecipients")}
        columns={columns}
      />
    </Card>
  );
}

type Delivery = {
  key: string;
  webhook: number;
  user: string | null;
  state: string;
  attempts: number | null;
  error: string | null;
};

function deliveries({ webhooks }: MessageTrace): Delivery[] {
  const events = webhooks.events.map(({ webhook, state, attempts, error }) => ({
    key: `${webhook}`,
    webhook,
    user: null,
    state,
    attempts: attempts ?? null,
    error: error ?? null,
  }));
  const notifications = webhooks.notifications.map((each) => ({
    key: `${each.webhook} ${each.user}`,
    webhook: each.webhook,
    user: each.user,
    state: each.state,
    attempts: each.attempts,
    error: each.error ?? null,
  }));
  return [...events, ...notifications];
}
