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
import { InvitedList, useInvited } from "./invited_list.tsx";
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
      {leads && <AddAndInvite id={id} />}
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

function AddAndInvite({ id }: { id: string }) {
  const invited = useInvited(id);
  return (
    <>
      <AddPeople id={id} hasInvited={invited.reload} />
      <InvitedList id={id} invited={invited} />
    </>
  );
}

function AddPeople({ id, hasInvited }: { id: string; hasInvited: () => void }) {
  const { client } = useHost();
  const [chosen, setChosen] = useState<string[]>([]);
  const [asAdmins, setAsAdmins] = useState(false);
  const { isBusy, act } = useAct();
  const add = async () => {
    const answer = await client.members.add(id, chosen, asAdmins ? "admin" : undefined);
    const added = answer.added.length;
    const both = t("addedAndInvited", { added, invited: answer.invited.length });
    showToast(answer.invited.length > 0 ? both : t("added", { count: added }));
    if (answer.invited.length > 0) hasInvited();
    setChosen([]);
    setAsAdmins(false);
  };
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
    </form>
  );
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
