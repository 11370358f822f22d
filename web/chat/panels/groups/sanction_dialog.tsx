// Silences or bans somebody in a group, until a time or until it is lifted.
import { useState } from "preact/hooks";
import { Dialog } from "../../../shared/dialog.tsx";
import { useName } from "../../names.tsx";
import { fromLocalInput, toLocalInput } from "../forms/times.ts";
import { useHost } from "../host.ts";
import { TextField } from "../parts/fields.tsx";
import { useAct } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/groups.ts";

/** As the paths of the API name them. */
export type SanctionKind = "silences" | "bans";

interface SanctionDialogProps {
  id: string;
  kind: SanctionKind;
  user: string;
  close: () => void;
  done?: () => void;
}

export function SanctionDialog({ id, kind, user, close, done }: SanctionDialogProps) {
  const { api, calls } = useHost();
  const name = useName(user);
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const { isBusy, act } = useAct();
  const action = t(kind === "silences" ? "doSilence" : "doBan");
  const end = fromLocalInput(until);
  const put = async () => {
    const body = { ...(end !== null && { until: end }), ...(reason !== "" && { reason }) };
    const params = { path: { id, user } };
    await calls.ask(
      kind === "silences"
        ? api.PUT("/v1/conversations/{id}/silences/{user}", { params, body })
        : api.PUT("/v1/conversations/{id}/bans/{user}", { params, body }),
    );
    done?.();
    close();
  };
  const actions = (
    <button
      type="button"
      class="button danger"
      disabled={isBusy}
      onClick={() => act(put, t(kind === "silences" ? "silenced" : "banned", { name }))}
    >
      {action}
    </button>
  );
  return (
    <Dialog title={`${action}: ${name}`} close={close} actions={actions}>
      <TextField
        label={common("until")}
        hint={t("untilHint")}
        type="datetime-local"
        min={toLocalInput(Date.now())}
        value={until}
        change={setUntil}
      />
      <TextField
        label={common("reason")}
        hint={t("reasonHint")}
        value={reason}
        change={setReason}
        rows={2}
      />
    </Dialog>
  );
}
