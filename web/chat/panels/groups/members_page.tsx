// The members of a group: roles, removing, adding.
import type { MemberState, Role } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { ConfirmDialog } from "../../../shared/dialog.tsx";
import { locale } from "../../../shared/language.ts";
import { Menu, type MenuItem } from "../../../shared/menu.tsx";
import { showToast } from "../../../shared/toast.tsx";
import { useName } from "../../names.tsx";
import { useSelect } from "../../session.ts";
import { formatMoment } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { SwitchField } from "../parts/fields.tsx";
import { Frame } from "../parts/frame.tsx";
import { Failed } from "../parts/list.tsx";
import { useAct, useLoaded } from "../parts/loading.ts";
import { PeoplePicker } from "../people/picker.tsx";
import { PersonRow } from "../people/person.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";
import { rightsOver, usePlace } from "./conversation.ts";
import { SanctionDialog, type SanctionKind } from "./sanction_dialog.tsx";

const MOST_WATCHED = 100;

export function MembersPage({ conversation: id }: { conversation: string }) {
  const { client } = useHost();
  const { details, leads } = usePlace(id);
  const loaded = useLoaded(() => client.members.load(id), id);
  const list = useSelect((state) => state.members.get(id));
  const { isBusy, act } = useAct();
  const members = list?.members ?? [];
  const next = list?.next ?? null;
  const watched = members.slice(0, MOST_WATCHED).map(({ user }) => user);
  useEffect(() => client.presence.watch(watched), [client, watched.join("\n")]);
  return (
    <Frame>
      {leads && <AddPeople id={id} />}
      {loaded.error !== null && <Failed error={loaded.error} retry={loaded.reload} />}
      <ul aria-label={t("members")}>
        {members.map((member) => (
          <MemberRow
            key={member.user}
            id={id}
            member={member}
            myRole={details?.role ?? "member"}
          />
        ))}
      </ul>
      {next !== null && (
        <button
          type="button"
          class="button panel-more"
          disabled={isBusy}
          onClick={() => act(() => client.members.load(id, next))}
        >
          {common("loadMore")}
        </button>
      )}
    </Frame>
  );
}

function AddPeople({ id }: { id: string }) {
  const { client } = useHost();
  const [chosen, setChosen] = useState<string[]>([]);
  const [asAdmins, setAsAdmins] = useState(false);
  const [invited, setInvited] = useState<string[]>([]);
  const { isBusy, act } = useAct();
  const add = async () => {
    const answer = await client.members.add(id, chosen, asAdmins ? "admin" : undefined);
    const added = answer.added.length;
    const both = t("addedAndInvited", { added, invited: answer.invited.length });
    showToast(answer.invited.length > 0 ? both : t("added", { count: added }));
    setInvited((before) => [...new Set([...before, ...answer.invited])]);
    setChosen([]);
    setAsAdmins(false);
  };
  const forget = (user: string) => setInvited((before) => before.filter((each) => each !== user));
  return (
    <form
      class="panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        void act(add);
      }}
    >
      <PeoplePicker label={t("invite")} chosen={chosen} change={setChosen} />
      {chosen.length > 0 && (
        <>
          <SwitchField label={t("addAsAdmin")} on={asAdmins} change={setAsAdmins} />
          <button type="submit" class="button primary" disabled={isBusy}>
            {t("add")}
          </button>
        </>
      )}
      {invited.length > 0 && (
        <ul aria-label={t("invited")}>
          {invited.map((user) => (
            <InvitedRow key={user} id={id} user={user} withdrawn={() => forget(user)} />
          ))}
        </ul>
      )}
    </form>
  );
}

interface InvitedRowProps {
  id: string;
  user: string;
  withdrawn: () => void;
}

/** A user who was just invited. No call lists everybody whom a group has invited. */
function InvitedRow({ id, user, withdrawn }: InvitedRowProps) {
  const { api, calls } = useHost();
  const name = useName(user);
  const { isBusy, act } = useAct();
  const withdraw = async () => {
    const params = { path: { id, user } };
    await calls.ask(api.DELETE("/v1/conversations/{id}/invitations/{user}", { params }));
    withdrawn();
  };
  const action = (
    <button
      type="button"
      class="button"
      aria-label={t("withdrawOf", { name })}
      disabled={isBusy}
      onClick={() => act(withdraw, t("withdrawn"))}
    >
      {t("withdraw")}
    </button>
  );
  return <PersonRow user={user} note={t("isInvited")} actions={action} />;
}

interface MemberRowProps {
  id: string;
  member: MemberState;
  myRole: Role;
}

function MemberRow({ id, member, myRole }: MemberRowProps) {
  const { client, me } = useHost();
  const { user, role } = member;
  const name = useName(user);
  const [asking, setAsking] = useState<"remove" | SanctionKind | null>(null);
  const { act } = useAct();
  const items = menuOf({ ...member, myRole, isSelf: user === me }, {
    setRole: (next) =>
      void act(
        () => client.members.add(id, [user], next),
        t(next === "admin" ? "promoted" : "demoted", { name }),
      ),
    ask: setAsking,
  });
  const joined = t("joinedAt", { date: formatMoment(member.joinedAt, locale()) });
  const close = () => setAsking(null);
  return (
    <>
      <PersonRow
        user={user}
        note={
          <>
            <span class={`role ${role}`}>{t(role)}</span> · {joined}
          </>
        }
        actions={items.length > 0 && <Menu label={common("more", { name })} items={items} />}
      />
      {asking === "remove" && (
        <ConfirmDialog
          title={t("removeTitle", { name })}
          text={t("removeText", { name })}
          action={t("remove")}
          danger
          confirm={() => void act(() => client.members.remove(id, user), t("removed", { name }))}
          close={close}
        />
      )}
      {(asking === "silences" || asking === "bans") && (
        <SanctionDialog id={id} kind={asking} user={user} close={close} />
      )}
    </>
  );
}

interface MenuActions {
  setRole: (role: "member" | "admin") => void;
  ask: (what: "remove" | SanctionKind) => void;
}

function menuOf(
  member: MemberState & { myRole: Role; isSelf: boolean },
  { setRole, ask }: MenuActions,
): MenuItem[] {
  const rights = rightsOver(member.myRole, member.role, member.isSelf);
  const items: (MenuItem | false)[] = [
    rights.promote && { label: t("promote"), icon: "star", choose: () => setRole("admin") },
    rights.demote && { label: t("demote"), icon: "person", choose: () => setRole("member") },
    rights.change && { label: t("silence"), icon: "mute", choose: () => ask("silences") },
    rights.change && { label: t("ban"), icon: "shield", danger: true, choose: () => ask("bans") },
    rights.change && {
      label: t("remove"),
      icon: "delete",
      danger: true,
      choose: () => ask("remove"),
    },
  ];
  return items.filter((item) => item !== false);
}
