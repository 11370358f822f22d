// Users: the list, or one of them.
import { useState } from "preact/hooks";
import { Avatar } from "../../shared/avatar.tsx";
import { useList } from "../data/answers.ts";
import type { AdminUser } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import type { PageProps } from "../pages.tsx";
import { Listed } from "../parts/answered.tsx";
import { Card, Page, Pill } from "../parts/layout.tsx";
import { SearchForm } from "../parts/search.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Name, Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/people.ts";
import { PersonPage } from "./person.tsx";
import { TokenDialog } from "./token_dialog.tsx";

export function PeoplePage({ route }: PageProps) {
  const [, user] = route.path;
  return user === undefined ? <PeopleList route={route} /> : <PersonPage key={user} user={user} />;
}

function PeopleList({ route: { query } }: PageProps) {
  const session = useSession();
  const [isCreating, setCreating] = useState(false);
  const q = query.get("q") ?? "";
  const people = useList(async (after) => {
    const asked = { ...(q !== "" && { q }), ...(after !== undefined && { after }) };
    const call = session.api.GET("/v1/admin/users", {
      params: { query: { ...asked, ...session.seen } },
    });
    const { users, next = null } = await session.read(call);
    return { items: users, next };
  }, [session, q]);
  return (
    <Page
      title={t("title")}
      intro={t("intro")}
      actions={
        <button type="button" class="button" onClick={() => setCreating(true)}>
          {t("createToken")}
        </button>
      }
    >
      <Card>
        <SearchForm key={q} page="people" label={t("query")} q={q} />
        <Listed of={people}>
          {(users) => (
            <Table
              caption={t("title")}
              rows={users}
              keyOf={({ id }) => id}
              empty={t("noneFound")}
              columns={columns()}
            />
          )}
        </Listed>
      </Card>
      {isCreating && <TokenDialog user="" close={() => setCreating(false)} />}
    </Page>
  );
}

function columns(): Column<AdminUser>[] {
  return [
    { label: t("user"), cell: (user) => <Person user={user} /> },
    { label: t("name"), cell: ({ display_name }) => <Name of={display_name} /> },
    { label: t("kind"), cell: ({ kind }) => t(`kind_${kind}`) },
    { label: t("state"), cell: (user) => <UserState user={user} /> },
    { label: t("created"), cell: ({ created_at }) => <Time at={created_at} /> },
    { label: t("lastSeen"), cell: ({ last_seen }) => <Time at={last_seen} /> },
  ];
}

/** Without the user's own picture, which may be on another host. */
function Person({ user: { id, display_name, online } }: { user: AdminUser }) {
  return (
    <span class="user-cell">
      <Avatar id={id} name={display_name ?? id} size={28} online={online} />
      <UserLink id={id} />
    </span>
  );
}

type Stated = Pick<AdminUser, "deactivated" | "online" | "restriction">;

export function UserState({ user }: { user: Stated }) {
  const { deactivated, online, restriction } = user;
  return (
    <span class="pills">
      {deactivated && <Pill tone="bad">{t("deactivated")}</Pill>}
      {restriction && (
        <Pill tone="warning">{t(restriction.kind === "banned" ? "banned" : "silenced")}</Pill>
      )}
      {!deactivated && !restriction && <Pill tone="good">{t("active")}</Pill>}
      {online && <Pill tone="busy">{t("online")}</Pill>}
    </span>
  );
}
