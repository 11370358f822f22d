// Dialogs about a person: asking to be a contact, reporting.
import { useState } from "preact/hooks";
import { Dialog } from "../../../shared/dialog.tsx";
import type { Schemas } from "../calls.ts";
import { checkLength, LIMITS } from "../forms/validation.ts";
import { useHost } from "../host.ts";
import { ChoiceField, describeFault, TextField } from "../parts/fields.tsx";
import { useAct } from "../parts/loading.ts";
import { t as common } from "../texts/common.ts";
import { t } from "../texts/people.ts";

interface PersonDialogProps {
  user: string;
  name: string;
  close: () => void;
}

export function AskDialog({ user, name, close }: PersonDialogProps) {
  const { client } = useHost();
  const [note, setNote] = useState("");
  const { isBusy, act } = useAct();
  const fault = checkLength(note, LIMITS.note);
  const send = async () => {
    const ask = () => client.people.addContact(user, note === "" ? undefined : note);
    if (await act(ask, t("asked", { name }))) close();
  };
  const actions = (
    <button
      type="button"
      class="button primary"
      disabled={isBusy || fault !== null}
      onClick={send}
    >
      {t("send")}
    </button>
  );
  return (
    <Dialog title={t("askTitle", { name })} close={close} actions={actions}>
      <TextField
        label={t("askNote")}
        value={note}
        change={setNote}
        rows={3}
        hint={common("optional")}
        max={LIMITS.note.max}
        fault={fault && describeFault(fault, LIMITS.note)}
      />
    </Dialog>
  );
}

type Reason = Schemas["ReportReasonSchema"];
const REASONS: readonly Reason[] = ["spam", "abuse", "illegal", "other"];

export function ReportDialog({ user, name, close }: PersonDialogProps) {
  const { api, calls } = useHost();
  const [reason, setReason] = useState<Reason>("spam");
  const [note, setNote] = useState("");
  const { isBusy, act } = useAct();
  const report = async () => {
    const body = note.trim() === "" ? { reason } : { reason, note };
    const send = () =>
      calls.ask(api.POST("/v1/users/{user}/reports", { params: { path: { user } }, body }));
    if (await act(send, t("reported"))) close();
  };
  const actions = (
    <button type="button" class="button danger" disabled={isBusy} onClick={report}>
      {t("report")}
    </button>
  );
  return (
    <Dialog title={t("reportTitle", { name })} close={close} actions={actions}>
      <p class="soft">{t("reportHint", { name })}</p>
      <ChoiceField
        label={common("reason")}
        value={reason}
        choices={REASONS.map((value) => ({ value, label: t(value) }))}
        change={setReason}
      />
      <TextField
        label={common("note")}
        value={note}
        change={setNote}
        rows={3}
        hint={common("optional")}
      />
    </Dialog>
  );
}
