// One user: what belongs to them, and what an administrator may do.
import { useAnswer, useList } from "../data/answers.ts";
import type { AdminUserDetails, Schemas } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import { Answered, Listed } from "../parts/answered.tsx";
import { ProblemNote, useAct } from "../parts/act.tsx";
import { Card, Facts, Page, Pill } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { ConversationLink, Name, Time } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/people.ts";
import { UserState } from "./people.tsx";
import { PersonActions } from "./person_actions.tsx";

export function PersonPage({ user }: { user: string }) {
  const session = useSession();
  const details = useAnswer(
    (signal) =>
      session.read(
        session.api.GET("/v1/admin/users/{user}", {
          params: { path: { user }, query: session.seen },
          signal,
        }),
      ),
    [session, user],
  );
  return (
    <Page
      title={details.value?.display_name ?? user}
      actions={
        <>
          <a class="button" href={linkTo(["past"], { user })}>
            {t("inboxThen")}
          </a>
          <a class="button" href={linkTo(["events"], { user })}>
            {t("events")}
          </a>
        </>
      }
    >
      <Answered of={details}>
        {(found) => (
          <>
            <PersonActions user={found} changed={details.reload} />
            <div class="columns">
              <Profile user={found} />
              <Counts user={found} />
            </div>
            <Restrictions user={found} changed={details.reload} />
            <Card title={t("devices")}>
              <Table
                caption={t("devices")}
                rows={found.devices}
                keyOf={({ device }) => device}
                empty={t("noDevices")}
                columns={deviceColumns()}
              />
            </Card>
            <Conversations user={user} />
          </>
        )}
      </Answered>
    </Page>
  );
}

function Profile({ user }: { user: AdminUserDetails }) {
  return (
    <Card title={t("profile")}>
      <Facts
        facts={[
          { name: t("user"), value: <span class="id">{user.id}</span> },
          { name: t("state"), value: <UserState user={user} /> },
          { name: t("kind"), value: t(`kind_${user.kind}`) },
          { name: t("about"), value: <span dir="auto">{user.about ?? "–"}</span> },
          { name: t("locale"), value: user.locale ?? "–" },
          { name: t("created"), value: <Time at={user.created_at} /> },
          { name: t("lastSeen"), value: <Time at={user.last_seen} /> },
        ]}
      />
    </Card>
  );
}

function Counts({ user: { counts } }: { user: AdminUserDetails }) {
  return (
    <Card title={t("counts")}>
      <Facts
        facts={[
          { name: t("messagesCount"), value: formatNumber(counts.messages) },
          { name: t("conversationsCount"), value: formatNumber(counts.conversations) },
          { name: t("contactsCount"), value: formatNumber(counts.contacts) },
          { name: t("blockedCount"), value: formatNumber(counts.blocked) },
          { name: t("devicesCount"), value: formatNumber(counts.devices) },
        ]}
      />
    </Card>
  );
}

interface RestrictionsProps {
  user: AdminUserDetails;
  changed: () => void;
}

type Placed = Schemas["PlacedRestriction"];

function Restrictions({ user, changed }: RestrictionsProps) {
  const session = useSession();
  const act = useAct();
  const lift = async () => {
    const params = { path: { user: user.id } };
    const worked = await act.run(
      () =>
        session.change(session.api.DELETE("/v1/moderation/users/{user}/restriction", { params })),
      t("lifted"),
    );
    if (worked) changed();
  };
  const columns: Column<Placed>[] = [
    {
      label: t("where"),
      cell: ({ conversation_id }) =>
        conversation_id ? <ConversationLink id={conversation_id} /> : t("everywhere"),
    },
    {
      label: t("state"),
      cell: ({ kind }) => (
        <Pill tone="warning">{t(kind === "banned" ? "banned" : "silenced")}</Pill>
      ),
    },
    { label: t("reason"), cell: ({ reason }) => <span dir="auto">{reason}</span>, isWide: true },
    { label: t("until"), cell: ({ until }) => <Time at={until} /> },
    {
      label: "",
      cell: ({ conversation_id }) =>
        conversation_id === null && (
          <span class="row-actions">
            <button type="button" class="button" disabled={act.isBusy} onClick={lift}>
              {t("lift")}
            </button>
          </span>
        ),
    },
  ];
  return (
    <Card title={t("restrictions")}>
      <ProblemNote problem={act.problem} />
      <Table
        caption={t("restrictions")}
        rows={user.restrictions}
        keyOf={({ conversation_id }) => conversation_id ?? ""}
        empty={t("noRestrictions")}
        columns={columns}
      />
    </Card>
  );
}

function deviceColumns(): Column<Schemas["UserDevice"]>[] {
  return [
    { label: t("device"), cell: ({ device }) => <span class="id">{device}</span>, isWide: true },
    { label: t("cursor"), cell: ({ cursor }) => formatNumber(cursor), isNumber: true },
    { label: t("acked"), cell: ({ acked_at }) => <Time at={acked_at} /> },
  ];
}

function Conversations({ user }: { user: string }) {
  const session = useSession();
  const list = useList(async (after) => {
    const query = after === undefined ? {} : { after };
    const call = session.api.GET("/v1/admin/users/{user}", { params: { path: { user }, query } });
    const { conversations, next = null } = await session.read(call);
    return { items: conversations, next };
  }, [session, user]);
  const columns: Column<Schemas["UserConversation"]>[] = [
    { label: t("conversation"), cell: ({ id }) => <ConversationLink id={id} /> },
    { label: t("name"), cell: ({ title }) => <Name of={title} /> },
    { label: t("role"), cell: ({ role }) => role },
    { label: t("joined"), cell: ({ joined_at }) => <Time at={joined_at} /> },
    { label: t("members"), cell: (row) => formatNumber(row.member_count), isNumber: true },
  ];
  return (
    <Card title={t("conversations")}>
      <Listed of={list}>
        {(rows) => (
          <Table
            caption={t("conversations")}
            rows={rows}
            keyOf={({ id }) => id}
            empty={t("noConversations")}
            columns={columns}
          />
        )}
      </Listed>
    </Card>
  );
}
