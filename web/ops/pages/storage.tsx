// What files occupy: in all, by conversation, by person, and what nothing uses.
import { useAnswer, useList } from "../data/answers.ts";
import type { ConversationStorage, OrphanedFile, UserStorage } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import { formatBytes, formatNumber } from "../format.ts";
import type { PageProps } from "../pages.tsx";
import { Answered, Listed } from "../parts/answered.tsx";
import { Card, Facts, Page, Pill } from "../parts/layout.tsx";
import { OptionLinks } from "../parts/options.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { ConversationLink, Name, Time, UserLink } from "../parts/values.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/storage.ts";
import { describeKind } from "./conversations.tsx";

const SORTS = ["bytes", "name"] as const;
type Sort = (typeof SORTS)[number];

export function StoragePage({ route }: PageProps) {
  const sort = route.query.get("sort") === "name" ? "name" : "bytes";
  const options = SORTS.map((value) => ({
    value,
    label: t(value === "name" ? "sortName" : "sortBytes"),
    href: linkTo(["storage"], { sort: value === "name" ? value : "" }),
  }));
  return (
    <Page
      title={t("storage")}
      intro={t("storageIntro")}
      actions={<OptionLinks label={t("sortLabel")} chosen={sort} options={options} />}
    >
      <Totals />
      <Conversations sort={sort} />
      <Users sort={sort} />
      <Orphans />
    </Page>
  );
}

function Totals() {
  const session = useSession();
  const found = useAnswer(
    (signal) => {
      const params = { query: session.seen };
      return session.read(session.api.GET("/v1/admin/storage", { params, signal }));
    },
    [session],
  );
  const describe = (count: number, bytes: number) =>
    t("filesOfBytes", { count, bytes: formatBytes(bytes) });
  return (
    <Card title={t("inAll")}>
      <Answered of={found}>
        {(sums) => (
          <Facts
            facts={[
              { name: t("stored"), value: describe(sums.files, sums.bytes) },
              { name: t("unused"), value: describe(sums.unused_files, sums.unused_bytes) },
              { name: t("uploads"), value: describe(sums.uploads, sums.upload_bytes) },
            ]}
          />
        )}
      </Answered>
    </Card>
  );
}

function Conversations({ sort }: { sort: Sort }) {
  const session = useSession();
  const list = useList(async (after) => {
    const query = { sort, ...(after !== undefined && { after }) };
    const call = session.api.GET("/v1/admin/storage/conversations", { params: { query } });
    const { conversations, next = null } = await session.read(call);
    return { items: conversations, next };
  }, [session, sort]);
  return (
    <Card title={t("conversations")}>
      <p class="soft">{t("conversationsIntro")}</p>
      <Listed of={list}>
        {(rows) => (
          <Table
            caption={t("conversations")}
            rows={rows}
            keyOf={({ id }) => id}
            empty={t("noConversations")}
            columns={conversationColumns()}
          />
        )}
      </Listed>
    </Card>
  );
}

function conversationColumns(): Column<ConversationStorage>[] {
  return [
    { label: t("conversation"), cell: ({ id }) => <ConversationLink id={id} /> },
    { label: t("name"), cell: ({ title }) => <Name of={title} /> },
    { label: t("kind"), cell: ({ kind }) => describeKind(kind) },
    { label: t("files"), cell: ({ files }) => formatNumber(files), isNumber: true },
    { label: t("bytes"), cell: ({ bytes }) => formatBytes(bytes), isNumber: true },
  ];
}

function Users({ sort }: { sort: Sort }) {
  const session = useSession();
  const list = useList(async (after) => {
    const query = { sort, ...(after !== undefined && { after }) };
    const call = session.api.GET("/v1/admin/storage/users", { params: { query } });
    const { users, next = null } = await session.read(call);
    return { items: users, next };
  }, [session, sort]);
  return (
    <Card title={t("users")}>
      <p class="soft">{t("usersIntro")}</p>
      <Listed of={list}>
        {(rows) => (
          <Table
            caption={t("users")}
            rows={rows}
            keyOf={({ id }) => id}
            empty={t("noUsers")}
            columns={userColumns()}
          />
        )}
      </Listed>
    </Card>
  );
}

function userColumns(): Column<UserStorage>[] {
  return [
    { label: t("user"), cell: ({ id }) => <UserLink id={id} /> },
    { label: t("files"), cell: ({ files }) => formatNumber(files), isNumber: true },
    { label: t("bytes"), cell: ({ bytes }) => formatBytes(bytes), isNumber: true },
    { label: t("unfinished"), cell: ({ uploads }) => formatNumber(uploads), isNumber: true },
    {
      label: t("unfinishedBytes"),
      cell: ({ upload_bytes }) => formatBytes(upload_bytes),
      isNumber: true,
    },
  ];
}

function Orphans() {
  const session = useSession();
  const list = useList(async (after) => {
    const query = after === undefined ? {} : { after };
    const call = session.api.GET("/v1/admin/storage/orphans", { params: { query } });
    const { files, next = null } = await session.read(call);
    return { items: files, next };
  }, [session]);
  return (
    <Card title={t("orphans")}>
      <p class="soft">{t("orphansIntro")}</p>
      <Listed of={list}>
        {(rows) => (
          <Table
            caption={t("orphans")}
            rows={rows}
            keyOf={({ id }) => id}
            empty={t("noOrphans")}
            columns={orphanColumns()}
          />
        )}
      </Listed>
    </Card>
  );
}

function orphanColumns(): Column<OrphanedFile>[] {
  return [
    { label: t("file"), cell: ({ id }) => <span class="id">{id}</span> },
    { label: t("user"), cell: ({ uploader }) => <UserLink id={uploader} /> },
    { label: t("state"), cell: ({ state }) => <FileState state={state} /> },
    { label: t("type"), cell: ({ type }) => type },
    { label: t("bytes"), cell: ({ size }) => formatBytes(size), isNumber: true },
    { label: t("unusedSince"), cell: ({ unused_since }) => <Time at={unused_since} /> },
    { label: t("deletedAt"), cell: ({ deleted_at }) => <Time at={deleted_at} /> },
  ];
}

function FileState({ state }: { state: string }) {
  const isReserved = state === "reserved";
  return (
    <Pill tone={isReserved ? "busy" : "plain"}>
      {t(isReserved ? "state_reserved" : "state_stored")}
    </Pill>
  );
}
