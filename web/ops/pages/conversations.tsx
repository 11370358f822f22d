// Conversations: the list, one of them, or one of its messages.
import { useList } from "../data/answers.ts";
import type { AuditedConversation } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatNumber } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Listed } from "../parts/answered.tsx";
import { Card, Page } from "../parts/layout.tsx";
import { SearchForm } from "../parts/search.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { ConversationLink, Name, Time } from "../parts/values.tsx";
import { t } from "../texts/conversations.ts";
import { ConversationPage } from "./conversation.tsx";
import { MessagePage } from "./message.tsx";

export function ConversationsPage({ route }: PageProps) {
  const [, id, seq] = route.path;
  if (id === undefined) return <ConversationList route={route} />;
  if (seq === undefined) return <ConversationPage key={id} id={id} />;
  const as = route.query.get("as") ?? "";
  const asOf = route.query.get("as_of") ?? "";
  return <MessagePage key={`${id}/${seq}`} id={id} seq={Number(seq)} as={as} asOf={asOf} />;
}

type Row = Omit<AuditedConversation, "bytes" | "delivery" | "history" | "policy">;

function ConversationList({ route: { query } }: PageProps) {
  const session = useSession();
  const q = query.get("q") ?? "";
  const list = useList(async (after) => {
    const asked = { ...(q !== "" && { q }), ...(after !== undefined && { after }) };
    const call = session.api.GET("/v1/admin/conversations", { params: { query: asked } });
    const { conversations, next = null } = await session.read(call);
    return { items: conversations, next };
  }, [session, q]);
  return (
    <Page title={t("title")} intro={t("intro")}>
      <Card>
        <SearchForm key={q} page="conversations" label={t("query")} q={q} />
        <Listed of={list}>
          {(rows) => (
            <Table
              caption={t("title")}
              rows={rows}
              keyOf={({ id }) => id}
              empty={t("noneFound")}
              columns={columns()}
            />
          )}
        </Listed>
      </Card>
    </Page>
  );
}

function columns(): Column<Row>[] {
  return [
    { label: t("id"), cell: ({ id }) => <ConversationLink id={id} /> },
    { label: t("name"), cell: ({ title }) => <Name of={title} /> },
    { label: t("kind"), cell: ({ kind }) => describeKind(kind) },
    { label: t("members"), cell: (row) => formatNumber(row.member_count), isNumber: true },
    { label: t("messages"), cell: ({ messages }) => formatNumber(messages), isNumber: true },
    { label: t("lastActivity"), cell: ({ last_activity }) => <Time at={last_activity} /> },
  ];
}

export function describeKind(kind: string): string {
  return kind === "direct" || kind === "group" ? t(`kind_${kind}`) : kind;
}
