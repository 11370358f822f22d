// The public profile of a person, and what the user can do about them.
import type { UserProfile } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { PictureAvatar } from "../../files/picture_avatar.tsx";
import { ConfirmDialog } from "../../../shared/dialog.tsx";
import { Icon } from "../../../shared/icon.tsx";
import { locale } from "../../../shared/language.ts";
import { formatAgo, formatMoment } from "../forms/times.ts";
import { useSelect } from "../../session.ts";
import { useHost } from "../host.ts";
import { Frame, Section } from "../parts/frame.tsx";
import { LinkRow } from "../parts/list.tsx";
import { useAct, useLoaded } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/people.ts";
import { AskDialog, ReportDialog } from "./person_dialogs.tsx";
import { type Relation, useRelation } from "./relation.ts";

interface PersonPageProps {
  user: string;
  /** Where the person was looked at. */
  conversation?: string | undefined;
}

export function PersonPage({ user, conversation }: PersonPageProps) {
  const { me } = useHost();
  const fetched = useProfileNow(user);
  const known = useSelect((state) => state.people.get(user));
  const profile = fetched.data ?? known;
  const name = profile?.display_name ?? user;
  const isUnknown = profile === undefined && !fetched.isLoading;
  return (
    <Frame>
      <PersonHead user={user} profile={profile} />
      {isUnknown && user !== me && (
        <div class="notice">
          <p>{t("unknown")}</p>
          <p class="soft">{t("unknownHint")}</p>
        </div>
      )}
      {profile?.about && (
        <p class="person-about" dir="auto">
          {profile.about}
        </p>
      )}
      {conversation !== undefined && <DirectLink id={conversation} user={user} />}
      {user === me ? <OwnActions /> : <PersonActions user={user} name={name} />}
      <SharedGroups user={user} />
    </Frame>
  );
}

/** Asked again at each look: a profile changes, and may have become visible. */
function useProfileNow(user: string) {
  const { api, calls, client } = useHost();
  return useLoaded<UserProfile | null>(async () => {
    // A list leaves out who cannot be seen, but cannot name an id that has a comma.
    if (user.includes(",")) return client.people.reload(user);
    const query = { ids: user, ...calls.since };
    const { users } = await calls.ask(api.GET("/v1/users", { params: { query } }));
    return users[0] ?? null;
  }, user);
}

function PersonHead({ user, profile }: { user: string; profile: UserProfile | undefined }) {
  const { client } = useHost();
  useEffect(() => client.presence.watch([user]), [client, user]);
  const presence = useSelect((state) => state.presence.get(user));
  const name = profile?.display_name ?? user;
  return (
    <div class="person-head">
      <PictureAvatar
        id={user}
        name={name}
        picture={profile?.avatar}
        size={84}
        online={presence?.online}
      />
      <p class="person-name" dir="auto">
        {name}
      </p>
      <p class="soft">
        <bdi>@{user}</bdi>
      </p>
      {profile !== undefined && <p class="soft">{describeSeen(profile, presence)}</p>}
      {profile?.kind === "bot" && <span class="panel-tag">{t("bot")}</span>}
      {profile?.kind === "system" && <span class="panel-tag">{t("system")}</span>}
      {profile?.deactivated && <span class="panel-tag danger">{t("deactivated")}</span>}
    </div>
  );
}

function describeSeen(
  profile: UserProfile,
  presence: { online: boolean; lastSeen: string | null } | undefined,
): string {
  if (presence?.online) return t("online");
  const seen = presence?.lastSeen ?? profile.last_seen;
  if (seen === null) return t("lastSeenHidden");
  return t("lastSeen", { ago: formatAgo(seen, Date.now(), locale()) });
}

/** The way to what can be done with a direct conversation, whose header leads to the person. */
function DirectLink({ id, user }: { id: string; user: string }) {
  const host = useHost();
  const isDirect = useSelect((state) => state.conversations.get(id)?.peer === user);
  if (!isDirect) return null;
  return (
    <ul class="panel-links">
      <LinkRow
        icon="message"
        label={t("direct")}
        open={() => host.open("group", { conversation: id })}
      />
    </ul>
  );
}

function OwnActions() {
  const host = useHost();
  return (
    <div class="person-actions">
      <p class="soft">{t("self")}</p>
      <button type="button" class="button" onClick={() => host.open("settings")}>
        <Icon name="edit" />
        {t("editSelf")}
      </button>
    </div>
  );
}

type Asking = "ask" | "end" | "block" | "report" | null;

function PersonActions({ user, name }: { user: string; name: string }) {
  const host = useHost();
  const relation = useRelation(user);
  const { isBusy, act } = useAct();
  const [asking, setAsking] = useState<Asking>(null);
  const openDirect = () =>
    act(async () => host.openConversation(await host.client.conversations.openDirect(user)));
  return (
    <>
      <div class="person-actions">
        <button type="button" class="button primary" disabled={isBusy} onClick={openDirect}>
          <Icon name="message" />
          {t("message")}
        </button>
        <ContactAction user={user} name={name} relation={relation} ask={setAsking} />
      </div>
      {relation.isBlocked && <p class="notice warning">{t("isBlocked")}</p>}
      <ul class="panel-links">
        {relation.contact?.state === "contact" && (
          <LinkRow icon="close" label={t("end")} open={() => setAsking("end")} />
        )}
        <LinkRow
          icon="shield"
          label={relation.isBlocked ? t("unblock") : t("block")}
          open={() =>
            relation.isBlocked
              ? void act(relation.unblock, t("unblockedNow", { name }))
              : setAsking("block")
          }
        />
        <LinkRow icon="warning" label={t("report")} open={() => setAsking("report")} danger />
        {host.isAdmin && (
          <LinkRow
            icon="history"
            label={t("past")}
            open={() => host.open("as-of", { user })}
          />
        )}
      </ul>
      <PersonDialogs
        asking={asking}
        user={user}
        name={name}
        relation={relation}
        close={() => setAsking(null)}
      />
    </>
  );
}

interface ContactActionProps {
  user: string;
  name: string;
  relation: Relation;
  ask: (what: Asking) => void;
}

function ContactAction({ user, name, relation, ask }: ContactActionProps) {
  const { client } = useHost();
  const { isBusy, act } = useAct();
  const { contact } = relation;
  const remove = (done: string) => act(() => client.people.removeContact(user), done);
  if (contact === undefined) {
    return (
      <button type="button" class="button" onClick={() => ask("ask")}>
        <Icon name="add" />
        {t("ask")}
      </button>
    );
  }
  if (contact.state === "contact") {
    const date = formatMoment(contact.since, locale());
    return <p class="soft">{t("isContact", { date })}</p>;
  }
  if (contact.state === "outgoing") {
    return (
      <>
        <button
          type="button"
          class="button"
          disabled={isBusy}
          onClick={() => remove(t("withdrawn"))}
        >
          {t("withdraw")}
        </button>
        <p class="soft">{t("isAsked")}</p>
      </>
    );
  }
  const accept = () => act(() => client.people.addContact(user), t("accepted", { name }));
  return (
    <>
      <button type="button" class="button" disabled={isBusy} onClick={accept}>
        <Icon name="check" />
        {t("accept")}
      </button>
      <button type="button" class="button" disabled={isBusy} onClick={() => remove(t("declined"))}>
        {t("decline")}
      </button>
      <p class="soft">
        {t("hasAsked")}
        {contact.note && <q dir="auto">{contact.note}</q>}
      </p>
    </>
  );
}

interface PersonDialogsProps {
  asking: Asking;
  user: string;
  name: string;
  relation: Relation;
  close: () => void;
}

function PersonDialogs({ asking, user, name, relation, close }: PersonDialogsProps) {
  const { client } = useHost();
  const { act } = useAct();
  if (asking === "ask") return <AskDialog user={user} name={name} close={close} />;
  if (asking === "report") return <ReportDialog user={user} name={name} close={close} />;
  if (asking === "block") {
    return (
      <ConfirmDialog
        title={t("blockTitle", { name })}
        text={t("blockText", { name })}
        action={t("block")}
        danger
        confirm={() => void act(relation.block, t("blockedNow", { name }))}
        close={close}
      />
    );
  }
  if (asking === "end") {
    return (
      <ConfirmDialog
        title={t("end")}
        text={t("endText", { name })}
        action={t("end")}
        confirm={() => void act(() => client.people.removeContact(user), t("ended"))}
        close={close}
      />
    );
  }
  return null;
}

/** Groups in which both are, as far as their members are known. */
function SharedGroups({ user }: { user: string }) {
  const host = useHost();
  const members = useSelect((state) => state.members);
  const conversations = useSelect((state) => state.conversations);
  const groups = Array.from(members.entries())
    .filter(([, list]) => list.members.some((member) => member.user === user))
    .flatMap(([id]) => conversations.get(id) ?? [])
    .filter(({ kind }) => kind === "group");
  if (groups.length === 0 || user === host.me) return null;
  return (
    <Section title={t("shared")}>
      <ul class="panel-links">
        {groups.map(({ id, title }) => (
          <LinkRow
            key={id}
            icon="group"
            label={title ?? common("untitled")}
            open={() => host.openConversation(id)}
          />
        ))}
      </ul>
    </Section>
  );
}
