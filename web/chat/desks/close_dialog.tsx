// Asks for the reason before a session is closed.
import type { ServiceSession } from "@tidings/client";
import { useId, useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Field } from "../../shared/field.tsx";
import { showError, showToast } from "../../shared/toast.tsx";
import { useSession } from "../session.ts";
import { t } from "./texts.ts";

const MOST_CHARACTERS = 200;

export function CloseDialog({ session, close }: { session: ServiceSession; close: () => void }) {
  const { client } = useSession();
  const form = useId();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const reason = String(new FormData(event.target as HTMLFormElement).get("reason")).trim();
    setBusy(true);
    try {
      await client.desks.close(session.id, reason === "" ? undefined : reason);
      showToast(t("closed"));
      close();
    } catch (error) {
      showError(error);
      setBusy(false);
    }
  };
  const actions = (
    <button class="button primary" form={form} disabled={isBusy}>
      {t("closeSession")}
    </button>
  );
  return (
    <Dialog title={t("closeTitle")} close={close} actions={actions}>
      <form id={form} class="dialog-form" onSubmit={submit}>
        <Field label={t("closeReason")} hint={t("closeReasonHint")}>
          <input class="input" name="reason" dir="auto" maxLength={MOST_CHARACTERS} />
        </Field>
      </form>
    </Dialog>
  );
}
