// The members of a conversation.
import { useList } from "../data/answers.ts";
import type { ConversationMember } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { Listed } from "../parts/answered.tsx";
import { Card, Pill } from "../parts/layout.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/conversations.ts";

export function ConversationMembers({ id }: { id: string }) {
  const session = useSession();
  const members = useList(async (after) => {
    const params = { path: { id }, query: after === undefined ? {} : { after } };
    const call = session.api.GET("/v1/admin/conversations/{id}/members", { params });
    const { members: items, next } = await session.read(call);
    return { items, next };
  }, [session, id]);
  return (
    <Card title={t("members")}>
      <Listed of={members}>
        {(rows) => (
          <Table
            caption={t("members")}
            rows={rows}
            keyOf={({ user }) => user}
            empty={t("noMembers")}
            columns={memberColumns()}
          />
        )}
      </Listed>
    </Card>
  );
}

function memberColumns(): Column<ConversationMember>[] {
  return [
    { label: t("user"), cell: ({ user }) => <UserLink id={user} /> },
    {
      label: t("displayName"),
      isWide: true,
      cell: ({ display_name: name }) => (name === null ? "–" : <bdi>{name}</bdi>),
    },
    {
      label: t("role"),
      cell: ({ role }) => (
        <Pill tone={role === "member" ? "plain" : "good"}>{t(`role_${role}`)}</Pill>
      ),
    },
    { label: t("joined"), cell: ({ joined_at }) => <Time at={joined_at} /> },
  ];
}
