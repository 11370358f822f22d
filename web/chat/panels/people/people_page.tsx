// Finding people; contacts, requests, and whom the user has blocked.
import type { Contact, UserProfile } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { useName } from "../../names.tsx";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { Frame, Section } from "../parts/frame.tsx";
import { Failed, LinkRow } from "../parts/list.tsx";
import { useAct, useLoaded } from "../parts/loading.ts";
import { SearchField, useSettled } from "../parts/search_field.tsx";
import { t } from "../texts/people.ts";
import { PersonRow, quote } from "./person.tsx";

export function PeoplePage() {
  const { client } = useHost();
  const [query, setQuery] = useState("");
  useEffect(() => void client.lists.contacts(), [client]);
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
  const host = useHost();
  const found = useLoaded<readonly UserProfile[]>(() => host.client.people.search(query), query);
  const people = found.data ?? [];
  const isExact = people.some(({ id }) => id === query);
  return (
    <div class="panel-list" aria-busy={found.isLoading} aria-live="polite">
      {found.error !== null && <Failed error={found.error} retry={found.reload} />}
      <ul aria-label={t("found")}>
        {people.map((profile) => (
          <PersonRow key={profile.id} user={profile.id} profile={profile} />
        ))}
      </ul>
      {found.data !== null && people.length === 0 && <p class="panel-empty">{t("foundNobody")}</p>}
      {found.data !== null && !isExact && (
        <ul>
          <LinkRow
            icon="at"
            label={t("exact", { user: query })}
            open={() => host.open("person", { user: query })}
          />
        </ul>
      )}
    </div>
  );
}

const MOST_WATCHED = 200;

function Everybody() {
  const { client } = useHost();
  const contacts = useSelect((state) => state.contacts);
  const those = (wanted: Contact["state"]) =>
    contacts.items.filter(({ state }) => state === wanted);
  const [incoming, outgoing, accepted] = [those("incoming"), those("outgoing"), those("contact")];
  useEffect(() => {
    const users = contacts.items.filter(({ state }) => state === "contact").map(({ user }) => user);
    return client.presence.watch(users.slice(0, MOST_WATCHED));
  }, [client, contacts]);
  return (
    <>
      {incoming.length > 0 && (
        <Section title={t("requestsIn")}>
          <ul>
            {incoming.map((contact) => (
              <IncomingRow key={contact.user} contact={contact} />
            ))}
          </ul>
        </Section>
      )}
      {outgoing.length > 0 && (
        <Section title={t("requestsOut")}>
          <ul>
            {outgoing.map((contact) => (
              <OutgoingRow key={contact.user} contact={contact} />
            ))}
          </ul>
        </Section>
      )}
      <Section title={t("contacts")}>
        {contacts.loaded && accepted.length === 0 && (
          <p class="panel-empty">{t("noContacts")}</p>
        )}
        <ul>
          {accepted.map(({ user }) => (
            <PersonRow key={user} user={user} />
          ))}
        </ul>
      </Section>
      <BlockedPeople />
    </>
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
