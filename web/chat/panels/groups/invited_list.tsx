// Who is invited to a group and has not answered, for those who lead it.
import { locale } from "../../../shared/language.ts";
import { useName } from "../../names.tsx";
import type { Schemas } from "../calls.ts";
import { formatMoment } from "../forms/times.ts";
import { useArrivals, useHost } from "../host.ts";
import { Section } from "../parts/frame.tsx";
import { Failed } from "../parts/list.tsx";
import { useAct, usePages, type Pages } from "../parts/loading.ts";
import { PersonRow } from "../people/person.tsx";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";

type PendingInvitation = Schemas["PendingInvitation"];

export function useInvited(id: string): Pages<PendingInvitation> {
  const { api, calls } = useHost();
  const invited = usePages(async (after) => {
    const params = { path: { id }, query: { after, ...calls.since } };
    const page = await calls.ask(api.GET("/v1/conversations/{id}/invitations", { params }));
    return { rows: page.invitations, next: page.next };
  }, id);
  useArrivals(invited.reload);
  return invited;
}

/** Shows nothing while no user is invited. */
export function InvitedList({ id, invited }: { id: string; invited: Pages<PendingInvitation> }) {
  const { rows, error, hasMore, isLoading } = invited;
  if (error !== null) return <Failed error={error} retry={invited.reload} />;
  if (rows.length === 0) return null;
  return (
    <Section title={t("invited")}>
      <ul aria-label={t("invited")}>
        {rows.map((invitation) => (
          <InvitedRow
            key={invitation.user}
            id={id}
            invitation={invitation}
            withdrawn={invited.reload}
          />
        ))}
      </ul>
      {hasMore && (
        <button
          type="button"
          class="button panel-more"
          disabled={isLoading}
          onClick={invited.more}
        >
          {common("loadMore")}
        </button>
      )}
    </Section>
  );
}

interface InvitedRowProps {
  id: string;
  invitation: PendingInvitation;
  withdrawn: () => void;
}

function InvitedRow({ id, invitation: { user, by, at }, withdrawn }: InvitedRowProps) {
  const { api, calls } = useHost();
  const [name, inviter] = [useName(user), useName(by)];
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
  const date = formatMoment(at, locale());
  return <PersonRow user={user} note={t("invitedAt", { name: inviter, date })} actions={action} />;
}
