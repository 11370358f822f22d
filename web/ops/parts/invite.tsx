// Makes links with which somebody opens an account.
import { useState } from "preact/hooks";
import { inviteLink } from "../data/place.ts";
import { useSession } from "../data/session.ts";
import { formatTime } from "../format.ts";
import { t } from "../texts/setup.ts";
import { ProblemNote, useAct } from "./act.tsx";
import { Copyable } from "./values.tsx";

type Invite = { invite: string; expires_at: string };

export function InviteMaker() {
  const session = useSession();
  const act = useAct();
  const [invite, setInvite] = useState<Invite | null>(null);
  const make = () =>
    act.run(async () => {
      setInvite(await session.read(session.api.POST("/v1/admin/invites", { body: {} })));
    }, "");
  return (
    <div class="form">
      {invite !== null && (
        <>
          <Copyable label={t("inviteLink")} text={inviteLink(invite.invite)} />
          <p class="soft">{t("inviteUntil", { time: formatTime(invite.expires_at) })}</p>
        </>
      )}
      <ProblemNote problem={act.problem} />
      <div>
        <button type="button" class="button" disabled={act.isBusy} onClick={make}>
          {invite === null ? t("inviteMake") : t("inviteAgain")}
        </button>
      </div>
    </div>
  );
}
