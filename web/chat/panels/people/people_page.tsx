// Finding people; contacts, requests, and whom the user has blocked.
import type { Contact } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { useName } from "../../names.tsx";
import { useHost } from "../host.ts";
import { useLongList } from "../parts/client_lists.ts";
import { Frame, Section } from "../parts/frame.tsx";
import { LinkRow, PagedList } from "../parts/list.tsx";
import { useAct, useLoaded, usePages } from "../parts/loading.ts";
import { SearchField, useSettled } from "../parts/search_field.tsx";
import { t } from "../texts/people.ts";
import { PersonRow, quote } from "./person.tsx";

export function PeoplePage() {
  const [query, setQuery] = useState("");
  const wanted = useSettled(query.trim());
  const head = (
    <SearchField label={t("find")} hint={t("findHint")} value={query} change={setQuery} />
  );
  return (
    <Frame head={head}>
      {wanted === "" ? <Everybody /> : <FoundPeople query={wanted} />}
    </Frame>
  );
}

function FoundPeople({ query }: { query: string }) {
  const { api, calls, open } = useHost();
  const found = usePages(async (after) => {
    const params = { query: { q: query, after, ...calls.since } };
    const page = await calls.ask(api.GET("/v1/users", { params }));
    return { rows: page.users, next: page.next };
  }, query);
  const isDone = !found.isLoading && found.error === null;
  const isExact = found.rows.some(({ id }) => id === query);
  return (
    <>
      <PagedList
        pages={found}
        label={t("found")}
        empty={t("foundNobody")}
        draw={(profile) => <PersonRow key={profile.id} user={profile.id} profile={profile} />}
      />
      {isDone && !isExact && (
        <ul class="panel-links">
          <LinkRow
            icon="at"
            label={t("exact", { user: query })}
            open={() => open("person", { user: query })}
          />
        </ul>
      )}
    </>
  );
}

const MOST_WATCHED = 200;

function Everybody() {
  const { client } = useHost();
  const incoming = useContacts("incoming");
  const outgoing = useContacts("outgoing");
  const contacts = useContacts("contact");
  const users = contacts.rows.slice(0, MOST_WATCHED).map(({ user }) => user);
  useEffect(() => client.presence.watch(users), [client, users.join("\n")]);
  return (
    <>
      {incoming.rows.length > 0 && (
        <Section title={t("requestsIn")}>
          <PagedList
            pages={incoming}
            label={t("requestsIn")}
            empty=""
            draw={(contact) => <IncomingRow key={contact.user} contact={contact} />}
          />
        </Section>
      )}
      {outgoing.rows.length > 0 && (
        <Section title={t("requestsOut")}>
          <PagedList
            pages={outgoing}
            label={t("requestsOut")}
            empty=""
            draw={(contact) => <OutgoingRow key={contact.user} contact={contact} />}
          />
        </Section>
      )}
      <Section title={t("contacts")}>
        <PagedList
          pages={contacts}
          label={t("contacts")}
          empty={t("noContacts")}
          draw={({ user }) => <PersonRow key={user} user={user} />}
        />
      </Section>
      <BlockedPeople />
    </>
  );
}

function useContacts(state: Contact["state"]) {
  const { api, calls } = useHost();
  return useLongList(
    "contacts",
    async (after) => {
      const query = { state, after, ...calls.since };
      const page = await calls.ask(api.GET("/v1/contacts", { params: { query } }));
      return { rows: page.contacts, next: page.next };
    },
    state,
  );
}

function IncomingRow({ contact: { user, note } }: { contact: Contact }) {
  const { client } = useHost();
  const name = useName(user);
  const { isBusy, act } = useAct();
  const actions = (
    <>
      <button
        type="button"
        class="button primary"
        disabled={isBusy}
        aria-label={t("acceptOf", { name })}
        onClick={() => act(() => client.people.addContact(user), t("accepted", { name }))}
      >
        {t("accept")}
      </button>
      <button
        type="button"
        class="button"
        disabled={isBusy}
        aria-label={t("declineOf", { name })}
        onClick={() => act(() => client.people.removeContact(user), t("declined"))}
      >
        {t("decline")}
      </button>
    </>
  );
  return <PersonRow user={user} note={quote(note)} actions={actions} />;
}

function OutgoingRow({ contact: { user, note } }: { contact: Contact }) {
  const { client } = useHost();
  const name = useName(user);
  const { isBusy, act } = useAct();
  const action = (
    <button
      type="button"
      class="button"
      disabled={isBusy}
      aria-label={t("withdrawOf", { name })}
      onClick={() => act(() => client.people.removeContact(user), t("withdrawn"))}
    >
      {t("withdraw")}
    </button>
  );
  return <PersonRow user={user} note={quote(note)} actions={action} />;
}

function BlockedPeople() {
  const { api, calls } = useHost();
  const blocks = useLoaded(
    () => calls.ask(api.GET("/v1/blocks", { params: { query: calls.since } })),
    "blocks",
  );
  const users = blocks.data?.users ?? [];
  if (users.length === 0) return null;
  return (
    <Section title={t("blocked")}>
      <ul>
        {users.map((user) => (
          <BlockedRow key={user} user={user} reload={blocks.reload} />
        ))}
      </ul>
    </Section>
  );
}

function BlockedRow({ user, reload }: { user: string; reload: () => void }) {
  const { api, calls } = useHost();
  const name = useName(user);
  const { isBusy, act } = useAct();
  const unblock = async () => {
    await calls.ask(api.DELETE("/v1/blocks/{user}", { params: { path: { user } } }));
    reload();
  };
  const action = (
    <button
      type="button"
      class="button"
      disabled={isBusy}
      aria-label={t("unblockOf", { name })}
      onClick={() => act(unblock, t("unblockedNow", { name }))}
    >
      {t("unblock")}
    </button>
  );
  return <PersonRow user={user} actions={action} />;
}
