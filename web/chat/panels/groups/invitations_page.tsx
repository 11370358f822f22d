// The groups into which the user is invited.
import type { Invitation } from "@tidings/client";
import { Avatar } from "../../../shared/avatar.tsx";
import { useName } from "../../names.tsx";
import { useHost } from "../host.ts";
import { useClientList } from "../parts/client_lists.ts";
import { Frame } from "../parts/frame.tsx";
import { PagedList } from "../parts/list.tsx";
import { useAct } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";

export function InvitationsPage() {
  return (
    <Frame>
      <PagedList
        pages={useClientList("invitations")}
        label={t("invitations")}
        empty={t("noInvitations")}
        draw={(invitation) => (
          <InvitationRow key={invitation.conversation_id} invitation={invitation} />
        )}
      />
    </Frame>
  );
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const host = useHost();
  const name = useName(invitation.by);
  const { isBusy, act } = useAct();
  const id = invitation.conversation_id;
  const title = invitation.title ?? common("untitled");
  const join = async () => {
    await host.client.people.acceptInvitation(id);
    host.openConversation(id);
  };
  const decline = () => host.client.people.declineInvitation(id);
  return (
    <li class="panel-row wraps">
      <Avatar id={id} name={title} kind="group" size={36} />
      <span class="panel-row-text">
        <span class="panel-row-name" dir="auto">
          {title}
        </span>
        <span class="panel-row-note">
          {t("invitedBy", { name })} · {common("members", { count: invitation.member_count })}
        </span>
      </span>
      <div class="panel-row-actions">
        <button
          type="button"
          class="button primary"
          aria-label={t("joinOf", { title })}
          disabled={isBusy}
          onClick={() => act(join, t("joined"))}
        >
          {t("joinAction")}
        </button>
        <button
          type="button"
          class="button"
          aria-label={t("declineOf", { title })}
          disabled={isBusy}
          onClick={() => act(decline, t("declined"))}
        >
          {t("decline")}
        </button>
      </div>
    </li>
  );
}
