// This place: its name, invitations, and the rights of local accounts.
import { ApiError } from "@tidings/client";
import { useState } from "preact/hooks";
import { Field } from "../../shared/field.tsx";
import { useList, type Page as ListPage } from "../data/answers.ts";
import { usePlace } from "../data/place.ts";
import type { LocalAccount, Place } from "../data/schemas.ts";
import { useSession } from "../data/session.ts";
import type { PageProps } from "../pages.tsx";
import { Failure, Listed, Loading } from "../parts/answered.tsx";
import { ProblemNote, TypeNameDialog, useAct, type Fields } from "../parts/act.tsx";
import { Choice } from "../parts/choice.tsx";
import { InviteMaker } from "../parts/invite.tsx";
import { Card, Facts, Page, Pill } from "../parts/layout.tsx";
import { SearchForm } from "../parts/search.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Time, UserLink } from "../parts/values.tsx";
import { t } from "../texts/control.ts";

export function PlacePage({ route: { query } }: PageProps) {
  const { place, error } = usePlace();
  return (
    <Page title={t("place")} intro={t("placeIntro")}>
      {error !== null && <Failure error={error} />}
      {place === null && error === null && <Loading />}
      {place && <PlaceCards place={place} />}
      {place && place.accounts !== "off" && <Accounts q={query.get("q") ?? ""} />}
    </Page>
  );
}

function PlaceCards({ place }: { place: Place }) {
  return (
    <div class="columns">
      <Card title={t("placeName")}>
        <NameForm name={place.name ?? ""} />
        <Facts
          facts={[
            { name: t("accounts"), value: t(`accounts_${place.accounts}`) },
            { name: t("version"), value: place.version },
          ]}
        />
      </Card>
      {place.accounts !== "off" && (
        <Card title={t("invite")}>
          <p class="soft">{t("inviteText")}</p>
          <InviteMaker />
        </Card>
      )}
    </div>
  );
}

function NameForm({ name }: { name: string }) {
  const session = useSession();
  const { rename } = usePlace();
  const act = useAct();
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const next = String(form.get("name") ?? "").trim();
    const saved = await act.run(
      () => session.request("PATCH", "/v1/admin/place", { name: next }),
      t("renamed"),
    );
    if (saved) rename(next);
  };
  return (
    <form class="form" onSubmit={onSubmit}>
      <div class="search-form">
        <Field label={t("placeName")}>
          <input
            class="input"
            name="name"
            required
            maxLength={64}
            dir="auto"
            defaultValue={name}
          />
        </Field>
        <button class="button" disabled={act.isBusy}>
          {t("rename")}
        </button>
      </div>
      <ProblemNote problem={act.problem} />
    </form>
  );
}

const SCOPES = ["", "moderator", "admin"] as const;

function scopeOf(account: LocalAccount): (typeof SCOPES)[number] {
  const words = account.scope.split(" ");
  return SCOPES.findLast((scope) => words.includes(scope)) ?? "";
}

function Accounts({ q }: { q: string }) {
  const session = useSession();
  const [changing, setChanging] = useState<LocalAccount | null>(null);
  const list = useList(async (after): Promise<ListPage<LocalAccount>> => {
    const query = new URLSearchParams({ ...(q !== "" && { q }), ...(after && { after }) });
    const path = `/v1/admin/accounts?${query}`;
    const { accounts, next } = await session.request<AccountPage>("GET", path);
    return { items: accounts, next };
  }, [session, q]);
  const isOff = list.error instanceof ApiError && list.error.status === 404;
  return (
    <Card title={t("accountList")}>
      <p class="soft">{t("accountListIntro")}</p>
      <SearchForm key={q} page="place" label={t("accountQuery")} q={q} />
      {isOff ? (
        <p class="empty">{t("accountsAreOff")}</p>
      ) : (
        <Listed of={list}>
          {(accounts) => (
            <Table
              caption={t("accountList")}
              rows={accounts}
              keyOf={({ user }) => user}
              columns={columns(setChanging)}
            />
          )}
        </Listed>
      )}
      {changing !== null && (
        <ScopeDialog
          account={changing}
          close={() => setChanging(null)}
          changed={list.reload}
        />
      )}
    </Card>
  );
}

type AccountPage = { accounts: LocalAccount[]; next: string | null };

function columns(change: (account: LocalAccount) => void): Column<LocalAccount>[] {
  return [
    { label: t("account"), cell: ({ user }) => <UserLink id={user} /> },
    {
      label: t("rights"),
      cell: (account) => (
        <span class="pills">
          <Pill tone={scopeOf(account) === "admin" ? "warning" : "plain"}>
            {t(`scope_${scopeOf(account)}`)}
          </Pill>
          {!account.open && <Pill tone="bad">{t("closed")}</Pill>}
        </span>
      ),
    },
    { label: t("created"), cell: ({ created_at }) => <Time at={created_at} /> },
    { label: t("at"), cell: ({ changed_at }) => <Time at={changed_at} /> },
    {
      label: "",
      cell: (account) => (
        <span class="row-actions">
          <button
            type="button"
            class="button"
            aria-label={`${t("changeScope")}: ${account.user}`}
            onClick={() => change(account)}
          >
            {t("changeScope")}
          </button>
        </span>
      ),
    },
  ];
}

interface ScopeDialogProps {
  account: LocalAccount;
  close: () => void;
  changed: () => void;
}

function ScopeDialog({ account, close, changed }: ScopeDialogProps) {
  const session = useSession();
  const confirm = async (fields: Fields) => {
    const path = `/v1/admin/accounts/${encodeURIComponent(account.user)}/scope`;
    await session.request("PUT", path, { scope: fields("scope") });
    changed();
  };
  return (
    <TypeNameDialog
      title={t("scopeTitle", { user: account.user })}
      text={t("scopeText")}
      name={account.user}
      action={t("changeScope")}
      close={close}
      confirm={confirm}
      done={t("scopeChanged")}
    >
      <Choice
        name="scope"
        label={t("rights")}
        value={scopeOf(account)}
        options={SCOPES.map((value) => ({ value, label: t(`scope_${value}`) }))}
      />
    </TypeNameDialog>
  );
}
